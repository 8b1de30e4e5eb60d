"""Lists of layers as hypothesis draws them."""

import hypothesis.strategies as st

from fastnorm.nn.activations import ReLU
from fastnorm.nn.layers import BatchNorm, Dense, Dropout

LAYERS = st.sampled_from([Dense(3), Dense(4), Dense(5, False), BatchNorm(), BatchNorm(0.5, 0.5), ReLU(), Dropout(0.5)])
