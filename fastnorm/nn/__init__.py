"""Networks: layers, activations, combinators and losses."""
