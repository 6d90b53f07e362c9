"""Makes models of several classes with XGBoost, as somebody trains them elsewhere: make.py FOLDER

Writes softprob.ubj and softmax.json: four features, three classes, missing values.
"""
import os
import sys

import numpy
import xgboost

random = numpy.random.default_rng(11)
rows = random.normal(size=(600, 4)).astype(numpy.float32)
rows[random.random(rows.shape) < 0.1] = numpy.nan
labels = (numpy.nan_to_num(rows[:, 0]) > 0).astype(int) + (numpy.nan_to_num(rows[:, 1] * rows[:, 2]) > 0.2)
for objective, name in (("softprob", "softprob.ubj"), ("softmax", "softmax.json")):
    parameters = {"objective": f"multi:{objective}", "num_class": 3, "max_depth": 4, "nthread": 1, "seed": 1}
    xgboost.train(parameters, xgboost.DMatrix(rows, labels), 12).save_model(os.path.join(sys.argv[1], name))
