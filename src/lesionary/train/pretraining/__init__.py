"""Pre-training: an encoder from lesions without labels."""
