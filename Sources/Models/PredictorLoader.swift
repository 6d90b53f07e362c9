/// Makes predictors from model files.
public enum PredictorLoader {
    /// Loads a model.
    ///
    /// The file is data: nothing in it is executed. Every index, count and depth is checked here, so that
    /// scoring needs no checks. Costs time and memory in proportion to the file.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - format: its format; nil to tell it from the contents.
    ///   - limits: what it may ask for.
    /// - Throws: ``ModelError``: damaged, unsupported (named in the message), too large, of no known format.
    public static func load(
        _ bytes: Span<UInt8>, format: ModelFormat? = nil, limits: ModelLimits = ModelLimits()
    ) throws(ModelError) -> any Predictor {
        guard bytes.count <= limits.fileBytesMax else {
            throw .limit("bytes", bytes.count, limits.fileBytesMax)
        }
        guard let format = format ?? ModelFormat.detect(bytes) else {
            throw ModelError(
                .unknownFormat, "the file is of no model format that is known here",
                hint: "formats: \(ModelFormat.all.map(\.name).joined(separator: ", "))")
        }
        switch format {
        case .nativeLinear: return try LinearModel(decoding: bytes, limits: limits)
        case .xgboostJSON:
            var reader = JSONDocumentReader(bytes)
            return try XGBoostModel.load(&reader, bytes, format: format, limits: limits)
        case .xgboostUBJSON:
            var reader = UBJSONDocumentReader(bytes)
            return try XGBoostModel.load(&reader, bytes, format: format, limits: limits)
        default:
            throw ModelError(
                .unknownFormat, "`\(format.name)` is no model format that is known here",
                hint: "formats: \(ModelFormat.all.map(\.name).joined(separator: ", "))")
        }
    }

    /// Loads a model from an array; see the other overload.
    public static func load(
        _ bytes: [UInt8], format: ModelFormat? = nil, limits: ModelLimits = ModelLimits()
    ) throws(ModelError) -> any Predictor {
        try load(bytes.span, format: format, limits: limits)
    }
}
