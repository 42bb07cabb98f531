# wendelin: title="One line about a station" published="View" request_method="GET"
mean = context.getMeanTemperature()
if mean is None:
    return "%s has no readings yet" % context.getTitle()
return "%s: %.1f degrees in %d readings" % (context.getTitle(), mean, context.getReadingCount())
