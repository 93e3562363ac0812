"""How settings are chosen, by the same rules for every method.

Each method gets the same number of trials and of runs. All runs are over the whole stream, on
held-out training data, with seeds (and so permutations and orders of the classes) that no
comparison has. A study of n trials:

1. The default and seven more trials of a scrambled Sobol design, on a logarithmic scale, then
   batches of four that Optuna's TPE proposes from the trials before. A batch does not depend on how
   many runs are made at the same time.
2. Every trial of a batch is run with half of the seeds (two of three), and the better half of the
   trials with the others; the rest is pruned. Trials are not pruned by task: the strength of a
   penalty that suits the first tasks does not suit the whole stream.
3. The trial with the highest mean over all seeds is chosen. While one of its values is at an edge,
   within a factor of 1.5 of the smallest or the largest that was tried, a batch of four follows, up
   to a decade beyond that one and a quarter of a decade apart, with the other settings as chosen:
   at most four times. So methods have more trials only where they were searched in the wrong place,
   and a study says which.
"""
