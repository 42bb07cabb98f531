"""What scripts see of pandas and scikit-learn, where they are installed: every name that is not here is refused.

Objects of pandas can write files, evaluate text as code, and call methods that are named in text; so their attributes
are named here too.
"""

from collections.abc import Mapping

TABLES: Mapping[str, str] = {
    "pandas": """
        Categorical CategoricalDtype DataFrame DateOffset DatetimeIndex DatetimeTZDtype Index Interval IntervalIndex
        MultiIndex NA NaT NamedAgg Period PeriodIndex RangeIndex Series Timedelta TimedeltaIndex Timestamp array
        bdate_range concat crosstab cut date_range factorize get_dummies interval_range isna isnull json_normalize
        melt merge merge_asof merge_ordered notna notnull period_range pivot pivot_table qcut read_csv
        timedelta_range to_datetime to_numeric to_timedelta unique wide_to_long
    """,
}
SKLEARN: Mapping[str, str] = {
    "sklearn": """
        cluster covariance decomposition ensemble linear_model metrics model_selection naive_bayes neighbors
        neural_network preprocessing svm tree
    """,
    "sklearn.cluster": "Birch DBSCAN KMeans MeanShift MiniBatchKMeans SpectralClustering",
    "sklearn.covariance": "EllipticEnvelope EmpiricalCovariance LedoitWolf",
    "sklearn.decomposition": "FactorAnalysis FastICA NMF PCA TruncatedSVD",
    "sklearn.ensemble": """
        AdaBoostClassifier AdaBoostRegressor ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier
        GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor IsolationForest
        RandomForestClassifier RandomForestRegressor
    """,
    "sklearn.linear_model": """
        ARDRegression BayesianRidge ElasticNet HuberRegressor Lars Lasso LassoLars LinearRegression
        LogisticRegression Perceptron PoissonRegressor QuantileRegressor RANSACRegressor Ridge RidgeClassifier
        SGDClassifier SGDRegressor TheilSenRegressor
    """,
    "sklearn.metrics": """
        accuracy_score auc confusion_matrix explained_variance_score f1_score max_error mean_absolute_error
        mean_absolute_percentage_error mean_squared_error median_absolute_error precision_score r2_score
        recall_score roc_auc_score roc_curve root_mean_squared_error silhouette_score
    """,
    "sklearn.model_selection": "KFold ShuffleSplit StratifiedKFold TimeSeriesSplit cross_val_score train_test_split",
    "sklearn.naive_bayes": "BernoulliNB GaussianNB MultinomialNB",
    "sklearn.neighbors": """
        KNeighborsClassifier KNeighborsRegressor KernelDensity LocalOutlierFactor NearestNeighbors
    """,
    "sklearn.neural_network": "MLPClassifier MLPRegressor",
    "sklearn.preprocessing": """
        LabelEncoder MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder OrdinalEncoder PolynomialFeatures
        QuantileTransformer RobustScaler StandardScaler
    """,
    "sklearn.svm": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
# What any object of pandas shows. No writing, no ``eval``, ``query``, ``pipe``, ``plot`` nor ``style``.
_PANDAS = """
    T abs add add_prefix add_suffix agg aggregate align all any append apply argmax argmin argsort array asfreq
    asof assign astype at at_time autocorr axes between between_time bfill bins bool cat categories ceil clip
    closed closed_left closed_right codes columns combine combine_first component components contains
    convert_dtypes copy corr corrwith count cov cummax cummin cumprod cumsum date day day_name day_of_week
    day_of_year dayofweek dayofyear days days_in_month daysinmonth delete describe diff difference div divide
    dot drop drop_duplicates droplevel dropna dt dtype dtypes duplicated empty end_time endswith eq equals ewm
    expanding explode extract factorize ffill fillna filter first first_valid_index floor floordiv freq freqstr
    from_arrays from_dict from_product from_records from_tuples fromisoformat ge get get_group get_indexer
    get_indexer_for get_level_values get_loc groupby groups gt has_duplicates hasnans head hour iat idxmax
    idxmin iloc index indices infer_objects insert interpolate intersection is_leap_year is_monotonic_decreasing
    is_monotonic_increasing is_month_end is_month_start is_quarter_end is_quarter_start is_unique is_year_end
    is_year_start isin isna isnull isocalendar isoformat item items iterrows itertuples join keys kurt kurtosis
    last last_valid_index le left len length levels loc lower lstrip lt map mask max mean median melt
    memory_usage merge microsecond microseconds mid min minute mod mode month month_name mul multiply name names
    nanosecond nanoseconds nbytes ndim ne next ngroup ngroups nlargest nlevels normalize notna notnull nsmallest
    nth nunique ohlc open_left open_right ordinal overlaps pad pct_change pivot pivot_table pop pow prod product
    quantile quarter qyear radd rank rdiv reindex reindex_like rename rename_axis repeat replace resample
    reset_index reverse rfloordiv right rjust rmod rmul rolling round rpow rstrip rsub rtruediv sample second
    seconds select_dtypes sem set_axis set_categories set_index shape shift size skew slice sort_index
    sort_values split squeeze stack start_time startswith std step stop str strftime strip sub subtract sum
    swapaxes swaplevel symmetric_difference tail take time timestamp timetuple timetz title to_datetime64
    to_dict to_flat_index to_frame to_julian_date to_list to_numpy to_period to_pydatetime to_pytimedelta
    to_records to_series to_timedelta64 to_timestamp tolist total_seconds transform transpose truediv truncate
    tz tz_convert tz_localize tzinfo unary union unique unstack update upper utcoffset value_counts values var
    view week weekday weekofyear where xs year zfill
"""
PANDAS_ATTRIBUTES = frozenset(_PANDAS.split())
# What an object of scikit-learn shows, besides what it has learned: the names that end with "_".
_SKLEARN = """
    aic apply bic decision_function fit fit_predict fit_transform get_depth get_feature_names_out get_n_leaves
    get_n_splits get_params inverse_transform kneighbors kneighbors_graph mahalanobis partial_fit perplexity
    predict predict_log_proba predict_proba radius_neighbors reconstruction_error sample score score_samples
    set_params sparsify split staged_predict staged_predict_proba staged_score transform
"""
SKLEARN_ATTRIBUTES = frozenset(_SKLEARN.split())
