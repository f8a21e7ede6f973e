"""Learn: pre-train an encoder from unlabelled lesions, fine-tune it on few labelled ones."""
