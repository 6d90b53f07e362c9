internal import EventLog
internal import Features
internal import Modelcast
internal import Models
internal import Snapshots

/// What scoring with one version needs: its model, what was compiled for it, and the working memory.
///
/// Works in blocks of rows that stay in the processor's cache.
struct ScoringLane {
    /// The output's topics, as indices into the batch that is written.
    struct Topics {
        let predictions: Int
        let deadLetters: Int
    }

    let model: LoadedModel
    private let topics: Topics
    private let blockRowsMax: Int
    private var decoder: EventDecoder
    private var block: FeatureBlock
    private var rows: [Float] = []
    private var scores = PredictionBlock()
    private var scratch = PredictionScratch()
    private var featureScratch = FeatureScratch()
    private var predictions: PredictionEncoder
    private var deadLetters: DeadLetterEncoder
    /// The record of each row of the block.
    private var records: [Int] = []

    init(model: LoadedModel, options: ScoringOptions, topics: Topics) {
        self.model = model
        self.topics = topics
        blockRowsMax = options.limits.blockRowsMax
        decoder = EventDecoder(
            schema: model.schema, layout: options.layout, limits: options.limits.features)
        block = FeatureBlock(schema: model.schema)
        predictions = PredictionEncoder(model: model.name.text, version: model.version.number)
        deadLetters = DeadLetterEncoder(
            schema: model.schema, model: model.name.text, version: model.version.number,
            recordBytesMax: options.limits.deadLetterBytesMax)
    }

    /// Appends one prediction or one dead letter to `output` for each record of `input`.
    mutating func score(_ input: RecordBatch, into output: inout RecordBatch, tally: inout ScoringTally) {
        var index = 0
        while index < input.count {
            decode(input, from: &index, into: &output, tally: &tally)
            guard !records.isEmpty else { continue }
            model.program.write(block, into: &rows, scratch: &featureScratch)
            // A reference of its own: a span of a member would keep the others from being changed.
            let rows = rows
            model.predictor.predict(
                rows: rows.span, count: records.count, into: &scores, scratch: &scratch)
            predictions.append(
                scores, of: block, records: records, of: input, to: &output, topic: topics.predictions)
            tally.add(predictions: records.count, version: model.version.number)
        }
    }

    /// Fills the block with the events from `index` on; what cannot be scored becomes a dead letter.
    private mutating func decode(
        _ input: RecordBatch, from index: inout Int, into output: inout RecordBatch,
        tally: inout ScoringTally
    ) {
        let bytes = input.bytes.span
        block.removeAll()
        records.removeAll(keepingCapacity: true)
        while index < input.count, records.count < blockRowsMax {
            let record = index
            index += 1
            guard let range = input.valueRange(at: record) else {
                deadLetters.append(.noValue, record, of: input, to: &output, topic: topics.deadLetters)
                tally.add(.noValue)
                continue
            }
            guard let fault = decoder.decode(bytes, range, into: &block) else {
                records.append(record)
                continue
            }
            deadLetters.append(
                fault, record, of: input, block: block, to: &output, topic: topics.deadLetters)
            tally.add(DeadLetterReason(fault.code))
        }
    }
}
