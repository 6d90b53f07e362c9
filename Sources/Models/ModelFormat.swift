/// A file format of models, by its stable name in manifests and on the command line. More may be added.
public struct ModelFormat: Hashable, Sendable, CustomStringConvertible {
    /// The stable name.
    public let name: String

    /// The format of that name, known here or not.
    public init(name: String) { self.name = name }

    /// The native linear model, `model.json`: ``LinearModel``.
    public static let nativeLinear = ModelFormat(name: "native-linear")
    /// XGBoost's JSON, as `save_model("….json")` writes it.
    public static let xgboostJSON = ModelFormat(name: "xgboost-json")
    /// XGBoost's Universal Binary JSON, as `save_model("….ubj")` writes it.
    public static let xgboostUBJSON = ModelFormat(name: "xgboost-ubjson")

    /// The formats that ``PredictorLoader`` reads.
    public static let all: [ModelFormat] = [.nativeLinear, .xgboostJSON, .xgboostUBJSON]

    /// The format's name.
    public var description: String { name }

    /// The file name that a model of this format has in a snapshot.
    public var fileName: String { self == .xgboostUBJSON ? "model.ubj" : "model.json" }
}
