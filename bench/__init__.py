"""Measurements of fastnorm against real peers: python -m bench kernels step predict --peers torch,jax."""
