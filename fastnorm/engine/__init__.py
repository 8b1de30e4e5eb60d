"""Engine: a tape bound to memory, its gradients, the update, and epochs without the interpreter."""
