internal import Features
internal import Models

/// What a model gives for one event.
public struct EventScore: Sendable, Hashable, CustomStringConvertible {
    /// The prediction: one number, save for models that predict several.
    public var prediction: [Float]
    /// The scores by class, where the model gives them.
    public var scores: [Float]
    /// The model and version that made it.
    public var model: String

    public var description: String {
        let numbers = prediction.map(\.description).joined(separator: ", ")
        return "\(numbers) by \(model)"
    }
}

extension LoadedModel {
    /// Scores one event, a JSON object as it stands on the events' topic. Throws `event-refused` naming what
    /// is wrong with it.
    ///
    /// For a request now and then: each call makes its own buffers. A loop over many events keeps an
    /// `EventDecoder`, a `FeatureBlock` and the scratches, and scores in batches.
    public func score(_ event: [UInt8]) throws(ModelcastError) -> EventScore {
        var decoder = EventDecoder(schema: schema)
        var block = FeatureBlock(schema: schema)
        if let fault = decoder.decode(event.span, 0..<event.count, into: &block) {
            throw ModelcastError(.eventRefused, "\(self): \(fault.message(schema))")
        }
        var rows: [Float] = []
        var features = FeatureScratch()
        program.write(block, into: &rows, scratch: &features)
        var results = PredictionBlock()
        var scratch = PredictionScratch()
        predictor.predict(rows: rows.span, count: 1, into: &results, scratch: &scratch)
        return EventScore(
            prediction: Array(results.predictionValues(0)), scores: Array(results.scoreValues(0)),
            model: description)
    }
}
