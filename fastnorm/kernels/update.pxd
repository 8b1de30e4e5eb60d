from .cpu cimport fn_kernels

cdef enum:
    CHUNK = 8192

cdef double sgd_chunks(const fn_kernels* kernels, void* p, const void* g, void* velocity, Py_ssize_t count, double rate,
                       double momentum, int nesterov, double l2, double weight_decay, double* chunk_squares,
                       int threads) noexcept nogil
cdef double adam_chunks(const fn_kernels* kernels, void* p, const void* g, void* m, void* v, Py_ssize_t count,
                        double rate, double beta_1, double beta_2, double epsilon, double correction_1,
                        double correction_2, double l2, double weight_decay, double* chunk_squares,
                        int threads) noexcept nogil
