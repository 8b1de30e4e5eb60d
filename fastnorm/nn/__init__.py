"""Networks: layers, activations, what combines them, and losses."""
