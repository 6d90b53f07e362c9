package import EventLog
internal import Features
package import Modelcast

/// Turns batches of events into predictions and dead letters: parse, transform, score, encode.
///
/// What belongs to a version (decoder, encoded names) is made anew when the version changes, everything else
/// is kept, so that nothing is allocated per event. Confined to one task at a time.
package final class EventScorer {
    private let options: ScoringOptions
    private let topics: ScoringLane.Topics
    private var lane: ScoringLane?

    /// A scorer that writes to the output and dead-letter topics of `options`, which join `output`.
    package init(options: ScoringOptions, output: inout RecordBatch) {
        self.options = options
        topics = ScoringLane.Topics(
            predictions: output.index(of: options.output), deadLetters: output.index(of: options.deadLetter))
    }

    /// Appends one prediction or one dead letter to `output` for each record of `input`, all by `model`.
    package func score(
        _ input: RecordBatch, with model: LoadedModel, into output: inout RecordBatch,
        tally: inout ScoringTally
    ) {
        // Held in one place only while it works, so that its buffers are not copied.
        var lane: ScoringLane
        if let current = self.lane, current.model === model {
            lane = current
        } else {
            lane = ScoringLane(model: model, options: options, topics: topics)
        }
        self.lane = nil
        lane.score(input, into: &output, tally: &tally)
        self.lane = lane
    }
}
