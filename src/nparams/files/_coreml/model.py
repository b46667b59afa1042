"""The messages of a Core ML model, and what each kind of model holds.

Fields: apple/coremltools mlmodel/format/Model.proto, GLMRegressor.proto, GLMClassifier.proto.
"""

from __future__ import annotations

from nparams.files._coreml.layers import NETWORK
from nparams.files._coreml.mil import PROGRAM
from nparams.files._protobuf.schema import INT, MESSAGE, MESSAGES, RUN, SPAN, TEXTS, Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nparams.files._protobuf.schema import Record
    from nparams.files._protobuf.wire import Wire

TREES = "whose leaves are no parameters of a network"
#: kinds of models that are no network: field -> (name, what it is)
FOREIGN = {
    302: ("treeEnsembleRegressor", f"a tree ensemble, {TREES}"),
    402: ("treeEnsembleClassifier", f"a tree ensemble, {TREES}"),
    301: ("supportVectorRegressor", "a support vector machine, which keeps examples and no parameters of a network"),
    401: ("supportVectorClassifier", "a support vector machine, which keeps examples and no parameters of a network"),
    404: ("kNearestNeighborsClassifier", "a nearest-neighbour classifier, which keeps examples and no parameters"),
    304: ("bayesianProbitRegressor", "a Bayesian probit regressor, which is no neural network"),
    501: ("itemSimilarityRecommender", "a recommender of similar items, which is no neural network"),
}
#: kinds whose numbers stand elsewhere, or in a form of Apple's own
ELSEWHERE = {
    555: ("customModel", "a model of a class of somebody's own: its numbers are in no known form"),
    556: ("linkedModel", "a link to a model in another file, which is not followed"),
    2000: ("textClassifier", "a text classifier in a form of Apple's own"),
    2001: ("wordTagger", "a word tagger in a form of Apple's own"),
    2002: ("visionFeaturePrint", "Apple's own vision network, whose weights are in the operating system"),
    2004: ("gazetteer", "a gazetteer in a form of Apple's own"),
    2005: ("wordEmbedding", "word vectors in a form of Apple's own"),
    2006: ("audioFeaturePrint", "Apple's own audio network, whose weights are in the operating system"),
    3000: ("serializedModel", "a model in another form, which is not looked into"),
}
#: steps before and after a model: nothing in them is learnt by it
STEPS = {
    560: "classConfidenceThresholding", 600: "oneHotEncoder", 601: "imputer", 602: "featureVectorizer",
    603: "dictVectorizer", 604: "scaler", 606: "categoricalMapping", 607: "normalizer", 609: "arrayFeatureExtractor",
    610: "nonMaximumSuppression", 900: "identity", 2003: "soundAnalysisPreprocessing",
}  # fmt: skip
#: fields of a model that are not its kind
COMMON = frozenset(("specificationVersion", "isUpdatable", "at"))


def _made_model(wire: Wire, held: Record, depth: int, at: int) -> Record:
    held["at"] = at
    return held


GLM = Schema("GLM", {
    1: (MESSAGES, "weights", Schema("DoubleArray", {1: (RUN, "value", None)})), 2: (RUN, "offset", None),
})  # fmt: skip
PIPELINE = Schema("Pipeline", {2: (TEXTS, "names", None)})
AROUND = Schema("PipelineClassifier", {1: (MESSAGE, "pipeline", PIPELINE)})
MODEL = Schema("Model", {
    1: (INT, "specificationVersion", None), 10: (INT, "isUpdatable", None),
    200: (MESSAGE, "pipelineClassifier", AROUND), 201: (MESSAGE, "pipelineRegressor", AROUND),
    202: (MESSAGE, "pipeline", PIPELINE), 300: (MESSAGE, "glmRegressor", GLM), 400: (MESSAGE, "glmClassifier", GLM),
    303: (MESSAGE, "neuralNetworkRegressor", NETWORK), 403: (MESSAGE, "neuralNetworkClassifier", NETWORK),
    500: (MESSAGE, "neuralNetwork", NETWORK), 502: (MESSAGE, "mlProgram", PROGRAM),
    **{number: (SPAN, name, None) for number, (name, _) in {**FOREIGN, **ELSEWHERE}.items()},
    **{number: (SPAN, name, None) for number, name in STEPS.items()},
}, _made_model)  # fmt: skip
PIPELINE.fields[1] = (MESSAGES, "models", MODEL)

NETWORKS = ("neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor")
LINEAR = ("glmRegressor", "glmClassifier")
PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")
#: name of a kind -> why it is not counted
UNCOUNTED = dict([*FOREIGN.values(), *ELSEWHERE.values()])
