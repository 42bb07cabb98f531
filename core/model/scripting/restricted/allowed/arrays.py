"""What scripts see of NumPy: every name that is not here is refused."""

from collections.abc import Mapping

NUMPY: Mapping[str, str] = {
    "numpy": """
        False_ ScalarType True_ abs absolute acos acosh add all allclose amax amin angle any append
        apply_along_axis apply_over_axes arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax
        argmin argpartition argsort argwhere around array array2string array_equal array_equiv array_repr
        array_split array_str asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asin asinh
        asmatrix astype atan atan2 atanh atleast_1d atleast_2d atleast_3d average bartlett base_repr binary_repr
        bincount bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
        bitwise_right_shift bitwise_xor blackman block bool bool_ broadcast broadcast_arrays broadcast_shapes
        broadcast_to busday_count busday_offset busdaycalendar byte bytes_ can_cast cbrt cdouble ceil char
        character choose clip clongdouble column_stack common_type complex128 complex256 complex64
        complexfloating compress concat concatenate conj conjugate convolve copy copysign copyto corrcoef
        correlate cos cosh count_nonzero cov cross csingle cumprod cumsum cumulative_prod cumulative_sum
        datetime64 datetime_as_string datetime_data deg2rad degrees delete diag diag_indices diag_indices_from
        diagflat diagonal diff digitize divide divmod dot double dsplit dstack dtype e ediff1d einsum
        einsum_path empty empty_like equal errstate euler_gamma exp exp2 expand_dims expm1 extract eye fabs fft
        fill_diagonal finfo fix flatiter flatnonzero flexible flip fliplr flipud float128 float16 float32
        float64 float_power floating floor floor_divide fmax fmin fmod format_float_positional
        format_float_scientific frexp frombuffer fromfunction fromiter frompyfunc fromstring full full_like gcd
        generic geomspace get_printoptions getbufsize geterr geterrcall gradient greater greater_equal half
        hamming hanning heaviside histogram histogram2d histogram_bin_edges histogramdd hsplit hstack hypot i0
        identity iinfo imag index_exp indices inexact inf inner insert int16 int32 int64 int8 int_ intc integer
        interp intersect1d intp invert is_busday isclose iscomplex iscomplexobj isdtype isfinite isfortran isin
        isinf isnan isnat isneginf isposinf isreal isrealobj isscalar issubdtype iterable ix_ kaiser kron lcm
        ldexp left_shift less less_equal lexsort linalg linspace little_endian log log10 log1p log2 logaddexp
        logaddexp2 logical_and logical_not logical_or logical_xor logspace long longdouble longlong ma
        mask_indices matmul matrix matrix_transpose matvec max maximum may_share_memory mean median meshgrid
        mgrid min min_scalar_type minimum mintypecode mod modf moveaxis multiply nan nan_to_num nanargmax
        nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd
        nansum nanvar ndarray ndenumerate ndim ndindex negative newaxis nextafter nonzero not_equal number
        object_ ogrid ones ones_like outer packbits pad partition percentile permute_dims pi piecewise place
        poly poly1d polyadd polyder polydiv polyfit polyint polymul polynomial polysub polyval positive pow
        power prod promote_types ptp put put_along_axis putmask quantile rad2deg radians random ravel
        ravel_multi_index real real_if_close reciprocal remainder repeat require reshape resize result_type
        right_shift rint roll rollaxis roots rot90 round row_stack s_ searchsorted select setdiff1d setxor1d
        shape shares_memory short sign signbit signedinteger sin sinc single sinh size sort sort_complex spacing
        split sqrt square squeeze stack std str_ subtract sum swapaxes take take_along_axis tan tanh tensordot
        tile timedelta64 trace transpose trapezoid tri tril tril_indices tril_indices_from trim_zeros triu
        triu_indices triu_indices_from true_divide trunc typecodes typename ubyte ufunc uint uint16 uint32
        uint64 uint8 uintc uintp ulong ulonglong union1d unique unique_all unique_counts unique_inverse
        unique_values unpackbits unravel_index unsignedinteger unstack unwrap ushort vander var vdot vecdot
        vecmat vectorize vsplit vstack where zeros zeros_like
    """,
    "numpy.char": """
        add capitalize center compare_chararrays count decode encode endswith equal expandtabs find greater
        greater_equal index isalnum isalpha isdecimal isdigit islower isnumeric isspace istitle isupper join
        less less_equal ljust lower lstrip mod multiply not_equal partition replace rfind rindex rjust
        rpartition rsplit rstrip split splitlines startswith str_len strip swapcase title translate upper zfill
    """,
    "numpy.fft": """
        fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn rfft rfft2
        rfftfreq rfftn
    """,
    "numpy.lib.stride_tricks": "sliding_window_view",
    "numpy.linalg": """
        LinAlgError cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matmul matrix_norm
        matrix_power matrix_rank matrix_transpose multi_dot norm outer pinv qr slogdet solve svd svdvals
        tensordot tensorinv tensorsolve trace vecdot vector_norm
    """,
    "numpy.ma": """
        MAError MaskError MaskType MaskedArray abs absolute add all allclose allequal alltrue amax amin angle
        anom anomalies any append apply_along_axis apply_over_axes arange arccos arccosh arcsin arcsinh arctan
        arctan2 arctanh argmax argmin argsort around array asanyarray asarray atleast_1d atleast_2d atleast_3d
        average bitwise_and bitwise_or bitwise_xor bool_ ceil choose clip clump_masked clump_unmasked
        column_stack common_fill_value compress compress_cols compress_nd compress_rowcols compress_rows
        compressed concatenate conjugate convolve copy corrcoef correlate cos cosh count count_masked cov
        cumprod cumsum default_fill_value diag diagflat diagonal diff divide dot dstack ediff1d empty empty_like
        equal exp expand_dims fabs filled fix_invalid flatnotmasked_contiguous flatnotmasked_edges flatten_mask
        flatten_structured_array floor floor_divide fmod fromfunction getdata getmask getmaskarray greater
        greater_equal harden_mask hsplit hstack hypot identity ids in1d indices inner innerproduct intersect1d
        isMA isMaskedArray is_mask is_masked isarray isin left_shift less less_equal log log10 log2 logical_and
        logical_not logical_or logical_xor make_mask make_mask_descr make_mask_none mask_cols mask_or
        mask_rowcols mask_rows masked masked_all masked_all_like masked_array masked_equal masked_greater
        masked_greater_equal masked_inside masked_invalid masked_less masked_less_equal masked_not_equal
        masked_object masked_outside masked_singleton masked_values masked_where max maximum maximum_fill_value
        mean median min minimum minimum_fill_value mod multiply ndenumerate ndim negative nomask nonzero
        not_equal notmasked_contiguous notmasked_edges ones ones_like outer outerproduct polyfit power prod
        product ptp put putmask ravel remainder repeat reshape resize right_shift round round_ row_stack
        set_fill_value setdiff1d setxor1d shape sin sinh size soften_mask sometrue sort sqrt squeeze stack std
        subtract sum swapaxes take tan tanh trace transpose true_divide union1d unique vander var vstack where
        zeros zeros_like
    """,
    "numpy.polynomial": "Chebyshev Hermite HermiteE Laguerre Legendre Polynomial",
    "numpy.random": """
        BitGenerator Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence beta binomial bytes
        chisquare choice default_rng dirichlet exponential f gamma geometric gumbel hypergeometric laplace
        logistic lognormal logseries multinomial multivariate_normal negative_binomial noncentral_chisquare
        noncentral_f normal pareto permutation poisson power rand randint randn random random_integers
        random_sample ranf rayleigh sample shuffle standard_cauchy standard_exponential standard_gamma
        standard_normal standard_t triangular uniform vonmises wald weibull zipf
    """,
}
