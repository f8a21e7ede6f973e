"""Fine-tuning: an encoder and a head learn a label, survival, or both, from few lesions."""
