internal import Basics

/// The bookkeeping of an audit: which events have an outcome, which outcome, and whether it is the right one.
///
/// A pure value, fed in this order: every outcome that was found (`note`), then every event (`take`), and for
/// each event that `take` asks to have computed again the result (`compare`); `finish` gives the report. Ten
/// bytes an event, whatever the events hold: a state, and a fingerprint of the outcome.
struct PredictionAudit {
    /// Which events are looked at, and how closely.
    struct Options {
        /// By partition of the input: the offsets that are looked at.
        var spans: [Range<Int64>]
        /// Where each span ends because the log ends there, so that nothing can stand behind it.
        var endsWithLog: [Bool]
        /// The next offset that the group will score, by partition; nil where it has committed nothing.
        var committed: [Int64?]
        /// Which outcomes are computed again.
        var recomputation: Recomputation
        /// Offences of each kind that are kept.
        var offencesMax: Int
        /// Whether all outcomes could be seen; otherwise no event is called lost.
        var seesEverything: Bool
    }

    /// One partition of the input.
    private struct Lane {
        let span: Range<Int64>
        /// 0: no outcome; 1: the event was read; above: an outcome by version `state - 2` of the table, plus
        /// `deadLetterBit`.
        var states: [UInt16]
        /// Empty when nothing is computed again.
        var fingerprints: [UInt64]
        /// The offset behind the last event with an outcome.
        var reached: Int64
    }

    private static let settled: UInt16 = 1
    private static let deadLetterBit: UInt16 = 0x8000
    /// Versions that the states can tell apart.
    static let versionsMax = 0x7000

    private let options: Options
    private var lanes: [Lane]
    private var versions: [Int] = []
    private var indices: [Int: Int] = [:]
    private var report = AuditReport()
    private var hasEvents = false

    /// An audit of partitions `0 ..< spans.count`.
    init(_ options: Options) {
        self.options = options
        let keepsFingerprints = options.recomputation != .none
        lanes = options.spans.map { span in
            Lane(
                span: span, states: Array(repeating: 0, count: span.count),
                fingerprints: keepsFingerprints ? Array(repeating: 0, count: span.count) : [],
                reached: span.lowerBound)
        }
        report.partitions = options.spans.indices.map { index in
            AuditReport.PartitionCount(partition: Int32(index), committed: options.committed[index])
        }
    }

    // MARK: Outcomes

    /// Takes an outcome that was found; `place` is where it stands.
    mutating func note(_ outcome: AuditedOutcome, at place: @autoclosure () -> String) {
        precondition(!hasEvents, "outcomes come before events")
        let partition = Int(outcome.partition)
        guard lanes.indices.contains(partition) else {
            return offend(.unfounded, outcome, "\(place()) names a partition that the input does not have")
        }
        let span = lanes[partition].span
        guard span.contains(outcome.offset) else {
            if outcome.offset >= span.upperBound, options.endsWithLog[partition] {
                offend(.unfounded, outcome, "\(place()) names an offset behind the end of the input")
            } else {
                report.outside += 1
            }
            return
        }
        count(outcome)
        let slot = Int(outcome.offset - span.lowerBound)
        guard lanes[partition].states[slot] == 0 else {
            return offend(.doubled, outcome, "\(place()) is one too many")
        }
        guard let index = index(of: outcome.version) else {
            return offend(.unknownVersion, outcome, "\(place()): more versions than can be told apart")
        }
        lanes[partition].states[slot] =
            UInt16(index + 2) | (outcome.isDeadLetter ? PredictionAudit.deadLetterBit : 0)
        if !lanes[partition].fingerprints.isEmpty {
            lanes[partition].fingerprints[slot] = outcome.fingerprint
        }
        lanes[partition].reached = max(lanes[partition].reached, outcome.offset + 1)
    }

    /// Takes a record of the outputs that cannot be understood.
    mutating func noteUnreadable(partition: Int32, offset: Int64, _ detail: String) {
        report.note(
            AuditReport.Offence(
                kind: .unreadable, partition: partition, offset: offset, version: nil, detail: detail),
            keeping: options.offencesMax)
    }

    /// Takes a record of another model or input.
    mutating func noteElsewhere() { report.elsewhere += 1 }

    private mutating func count(_ outcome: AuditedOutcome) {
        let position = report.versions.firstIndex { $0.version == outcome.version }
        let index = position ?? report.versions.count
        if position == nil { report.versions.append(AuditReport.VersionCount(version: outcome.version)) }
        if outcome.isDeadLetter {
            report.deadLetters += 1
            report.versions[index].deadLetters += 1
            if let reason = outcome.reason { report.reasons[reason, default: 0] += 1 }
        } else {
            report.predictions += 1
            report.versions[index].predictions += 1
        }
    }

    private mutating func index(of version: Int) -> Int? {
        if let index = indices[version] { return index }
        guard versions.count < PredictionAudit.versionsMax else { return nil }
        versions.append(version)
        indices[version] = versions.count - 1
        return versions.count - 1
    }

    // MARK: Events

    /// Takes an event. Returns the version with which its outcome is to be computed again; nil when it is
    /// not.
    mutating func take(partition: Int32, offset: Int64) -> Int? {
        hasEvents = true
        let number = Int(partition)
        guard lanes.indices.contains(number), lanes[number].span.contains(offset) else { return nil }
        report.events += 1
        report.partitions[number].events += 1
        if report.partitions[number].first == nil { report.partitions[number].first = offset }
        report.partitions[number].last = offset
        let slot = Int(offset - lanes[number].span.lowerBound)
        let state = lanes[number].states[slot]
        lanes[number].states[slot] = PredictionAudit.settled
        guard state > PredictionAudit.settled else {
            miss(partition, offset)
            return nil
        }
        guard options.recomputation.includes(partition, offset) else { return nil }
        return versions[Int(state & ~PredictionAudit.deadLetterBit) - 2]
    }

    /// An event without an outcome is late where nothing behind it was scored, and lost where something was.
    private mutating func miss(_ partition: Int32, _ offset: Int64) {
        let number = Int(partition)
        let committed = options.committed[number] ?? 0
        guard options.seesEverything, offset < max(committed, lanes[number].reached) else {
            report.notYetScored += 1
            report.partitions[number].notYetScored += 1
            return
        }
        let why =
            offset < committed
            ? "the group has committed offset \(committed)"
            : "an event behind it, at \(lanes[number].reached - 1), is scored"
        report.note(
            AuditReport.Offence(
                kind: .lost, partition: partition, offset: offset, version: nil,
                detail: "no prediction and no dead letter, and \(why)"),
            keeping: options.offencesMax)
    }

    /// Compares the outcome of an event that `take` asked for with the one that was found.
    mutating func compare(_ outcome: AuditedOutcome, _ text: @autoclosure () -> String) {
        let lane = lanes[Int(outcome.partition)]
        report.recomputed += 1
        guard lane.fingerprints[Int(outcome.offset - lane.span.lowerBound)] != outcome.fingerprint else {
            return
        }
        offend(.differing, outcome, "computed again it is \(text())")
    }

    /// An outcome cannot be computed again, for there is no such version.
    mutating func noteUnknownVersion(_ version: Int, partition: Int32, offset: Int64, _ reason: String) {
        report.note(
            AuditReport.Offence(
                kind: .unknownVersion, partition: partition, offset: offset, version: version,
                detail: reason),
            keeping: options.offencesMax)
    }

    // MARK: The end

    /// What was found, once every event was taken.
    mutating func finish() -> AuditReport {
        for (number, lane) in lanes.enumerated() {
            for (slot, state) in lane.states.enumerated() where state > PredictionAudit.settled {
                let version = versions[Int(state & ~PredictionAudit.deadLetterBit) - 2]
                let isDeadLetter = state & PredictionAudit.deadLetterBit != 0
                report.note(
                    AuditReport.Offence(
                        kind: .unfounded, partition: Int32(number),
                        offset: lane.span.lowerBound + Int64(slot), version: version,
                        detail: "a \(isDeadLetter ? "dead letter" : "prediction") names this place, "
                            + "where a read_committed reader finds no event"),
                    keeping: options.offencesMax)
            }
        }
        report.versions.sort { $0.version < $1.version }
        return report
    }

    private mutating func offend(
        _ kind: AuditReport.Offence.Kind, _ outcome: AuditedOutcome, _ detail: String
    ) {
        report.note(
            AuditReport.Offence(
                kind: kind, partition: outcome.partition, offset: outcome.offset, version: outcome.version,
                detail: detail),
            keeping: options.offencesMax)
    }
}

/// Which outcomes an audit computes again.
public enum Recomputation: Sendable, Hashable {
    /// None: outcomes are only counted.
    case none
    /// Every one.
    case all
    /// This share of them (0 … 1), chosen by the seed and the event's place.
    case share(Double, seed: UInt64)

    /// Whether the outcome of the event at that place is computed again.
    func includes(_ partition: Int32, _ offset: Int64) -> Bool {
        switch self {
        case .none: return false
        case .all: return true
        case .share(let share, let seed):
            let place = UInt64(bitPattern: offset) ^ UInt64(UInt32(bitPattern: partition)) << 48
            let number = SeededRandom.finalise(SeededRandom.finalise(seed) ^ place)
            return Double(number >> 11) * 0x1p-53 < share
        }
    }
}
