"""What scripts see of the standard library, and of msgpack: every name that is not here is refused."""

from collections.abc import Mapping

STANDARD: Mapping[str, str] = {
    "DateTime": "DateTime",
    "base64": """
        a85decode a85encode b16decode b16encode b32decode b32encode b32hexdecode b32hexencode b64decode
        b64encode b85decode b85encode decode decodebytes encode encodebytes standard_b64decode
        standard_b64encode urlsafe_b64decode urlsafe_b64encode
    """,
    "binascii": """
        Error Incomplete a2b_base64 a2b_hex a2b_qp a2b_uu b2a_base64 b2a_hex b2a_qp b2a_uu crc32 crc_hqx hexlify
        unhexlify
    """,
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "calendar": """
        Calendar FRIDAY HTMLCalendar IllegalMonthError IllegalWeekdayError MONDAY SATURDAY SUNDAY THURSDAY
        TUESDAY TextCalendar WEDNESDAY calendar day_abbr day_name firstweekday isleap leapdays month month_abbr
        month_name monthcalendar monthrange prcal prmonth timegm weekday weekheader
    """,
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "csv": """
        DictReader DictWriter Error QUOTE_ALL QUOTE_MINIMAL QUOTE_NONE QUOTE_NONNUMERIC reader writer
    """,
    "datetime": "MAXYEAR MINYEAR UTC date datetime time timedelta timezone tzinfo",
    "decimal": """
        Decimal ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP
    """,
    "difflib": """
        Differ HtmlDiff IS_CHARACTER_JUNK IS_LINE_JUNK Match SequenceMatcher context_diff diff_bytes
        get_close_matches ndiff restore unified_diff
    """,
    "fractions": "Fraction",
    "functools": "cache cmp_to_key lru_cache partial reduce",
    "hashlib": """
        algorithms_available algorithms_guaranteed blake2b blake2s md5 new pbkdf2_hmac sha1 sha224 sha256 sha384
        sha3_224 sha3_256 sha3_384 sha3_512 sha512 shake_128 shake_256
    """,
    "heapq": "heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest",
    "hmac": "compare_digest digest new",
    "html": "escape unescape",
    "io": "BytesIO SEEK_CUR SEEK_END SEEK_SET StringIO",
    "itertools": """
        accumulate chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse
        groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest
    """,
    "json": "JSONDecodeError JSONDecoder JSONEncoder dump dumps load loads",
    "math": """
        acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2
        expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm
        ldexp lgamma log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt
        tan tanh tau trunc ulp
    """,
    "msgpack": "ExtType Packer Timestamp Unpacker dumps loads pack packb unpack unpackb",
    "operator": """
        abs add and_ concat contains countOf eq floordiv ge gt index indexOf inv invert le lshift lt matmul mod
        mul ne neg not_ or_ pos pow rshift sub truediv truth xor
    """,
    "pprint": "pformat",
    "random": """
        Random betavariate choice choices expovariate gammavariate gauss getrandbits lognormvariate
        normalvariate paretovariate randbytes randint random randrange sample shuffle triangular uniform
        vonmisesvariate weibullvariate
    """,
    "re": """
        A ASCII DOTALL I IGNORECASE L LOCALE M MULTILINE Match NOFLAG Pattern RegexFlag S U UNICODE VERBOSE X
        compile error escape findall finditer fullmatch match search split sub subn
    """,
    "statistics": """
        NormalDist StatisticsError correlation covariance fmean geometric_mean harmonic_mean linear_regression
        mean median median_grouped median_high median_low mode multimode pstdev pvariance quantiles stdev
        variance
    """,
    "string": """
        Template ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits printable
        punctuation whitespace
    """,
    "struct": "Struct calcsize error iter_unpack pack unpack unpack_from",
    "textwrap": "TextWrapper dedent fill indent shorten wrap",
    "time": """
        asctime ctime gmtime localtime mktime monotonic monotonic_ns perf_counter strftime strptime time time_ns
    """,
    "unicodedata": """
        UCD bidirectional category combining decimal decomposition digit east_asian_width is_normalized lookup
        mirrored name normalize numeric ucd_3_2_0 unidata_version
    """,
    "urllib.parse": """
        DefragResult DefragResultBytes ParseResult ParseResultBytes SplitResult SplitResultBytes parse_qs
        parse_qsl quote quote_from_bytes quote_plus unquote unquote_plus unquote_to_bytes urldefrag urlencode
        urljoin urlparse urlsplit urlunparse urlunsplit
    """,
    "uuid": "NAMESPACE_DNS NAMESPACE_OID NAMESPACE_URL UUID uuid3 uuid4 uuid5",
    "zlib": "adler32 compress crc32 decompress",
    "zoneinfo": "ZoneInfo",
}
