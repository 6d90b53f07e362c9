package import EventLog
internal import Features
package import Modelcast

/// What a scoring service does with a batch of events, without its log: decode, transform, score, encode. For
/// measurements of that path alone. Confined to one task at a time.
package final class BatchScorer {
    private let scorer: EventScorer
    private var output: RecordBatch
    private var tally = ScoringTally()

    /// A scorer with the buffers of a service that runs by `options`.
    package init(options: ScoringOptions) {
        var output = RecordBatch()
        scorer = EventScorer(options: options, output: &output)
        self.output = output
    }

    /// Scores every event of `input` with `model`; returns the bytes of what a service would send.
    package func score(_ input: RecordBatch, with model: LoadedModel) -> Int {
        output.removeAll()
        scorer.score(input, with: model, into: &output, tally: &tally)
        return output.byteCount
    }

    /// Events that could not be scored so far.
    package var deadLetters: Int { tally.deadLetterCount }
}
