internal import Basics

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

    /// Tells a file's format from its contents; nil when it is none that is known. Reads no further than
    /// needed.
    public static func detect(_ bytes: Span<UInt8>) -> ModelFormat? {
        if looksLikeUBJSON(bytes) { return .xgboostUBJSON }
        var scanner = JSONScanner(0..<bytes.count, allowsNonFinite: true)
        do throws(JSONError) {
            try scanner.beginObject(bytes)
            while let key = try scanner.nextKey(bytes) {
                if key.equals("learner", bytes) { return .xgboostJSON }
                if key.equals(LinearModel.formatKey, bytes) { return .nativeLinear }
                try scanner.skipValue(bytes)
            }
        } catch {
            return nil
        }
        return nil
    }

    /// An object of UBJSON continues with the type of a length, or with `$` or `#`; one of JSON never does.
    private static func looksLikeUBJSON(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 2, bytes[0] == UBJSON.objectStart else { return false }
        return UBJSON.isInteger(bytes[1]) || bytes[1] == UBJSON.typeMark || bytes[1] == UBJSON.countMark
    }
}
