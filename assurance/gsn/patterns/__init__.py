"""Patterns: arguments with parameters, and their instantiation from data (GSN 1:3).

    format       what a pattern file declares (`gsn-pattern/2`)
    paths        {tokens}: what they mean, by declaration and in data
    checks       does a pattern make sense by itself?            G142, G270 - G274
    library      find and read patterns                          G140, G251
    forms        elements, prepared to be instantiated
    data         does the data cover the pattern?                G141, G275 - G278
    instantiate  pattern + data -> argument                      G143, G279 - G283
    diagram      a pattern as a GSN pattern diagram

docs/patterns.md shows the format by example and lists the shipped patterns. Where the data of a case come from is
the matter of assurance/binding.py.
"""
