import Basics
import EventLog
import Scoring
import Snapshots

/// What `audit predictions` prints.
struct AuditOutput {
    let output: Output
    let model: ModelName
    let scoring: ScoringOptions

    /// The offences, line by line, then the summary.
    func write(_ report: AuditReport) throws {
        for offence in report.offences {
            let place = offence.kind == .unreadable ? "" : " \(scoring.input)"
            try output.item(
                [
                    "offence": .string(offence.kind.rawValue), "partition": JSON(offence.partition),
                    "offset": JSON(offence.offset), "version": JSON(offence.version) { JSON($0) },
                    "detail": .string(offence.detail),
                ],
                "\(offence.kind.rawValue)\(place) \(offence.partition):\(offence.offset)"
                    + (offence.version.map { " version \($0)" } ?? "") + ": \(offence.detail)")
        }
        try output.summary("audit predictions", members(report), text(report))
    }

    private func members(_ report: AuditReport) -> [JSON.Member] {
        let kinds = AuditReport.Offence.Kind.allCases.map {
            JSON.Member($0.rawValue, JSON(report.count($0)))
        }
        let reasons = report.reasons.sorted { $0.key < $1.key }.map { JSON.Member($0.key, JSON($0.value)) }
        let head: KeyValuePairs<String, JSON> = [
            "model": .string(model.text), "input": .string(scoring.input.text),
            "output": .string(scoring.output.text), "deadLetter": .string(scoring.deadLetter.text),
            "group": .string(scoring.group), "clean": .boolean(report.isClean),
            "events": JSON(report.events), "predictions": JSON(report.predictions),
            "deadLetters": JSON(report.deadLetters), "notYetScored": JSON(report.notYetScored),
            "recomputed": JSON(report.recomputed),
        ]
        let tail: KeyValuePairs<String, JSON> = [
            "elsewhere": JSON(report.elsewhere), "outside": JSON(report.outside), "reasons": .object(reasons),
            "versions": .array(
                report.versions.map {
                    [
                        "version": JSON($0.version), "predictions": JSON($0.predictions),
                        "deadLetters": JSON($0.deadLetters),
                    ]
                }),
            "partitions": .array(
                report.partitions.map {
                    [
                        "partition": JSON($0.partition), "events": JSON($0.events),
                        "first": JSON($0.first) { JSON($0) }, "last": JSON($0.last) { JSON($0) },
                        "committed": JSON($0.committed) { JSON($0) }, "notYetScored": JSON($0.notYetScored),
                    ]
                }),
            "openTransactions": .array(report.openTransactions.map { .string($0.description) }),
        ]
        return head.map { JSON.Member($0.key, $0.value) } + kinds
            + tail.map { JSON.Member($0.key, $0.value) }
    }

    private func text(_ report: AuditReport) -> String {
        var lines = [
            "\(Units.count(report.events)) events of \(scoring.input): "
                + "\(Units.count(report.predictions)) predictions, "
                + "\(Units.count(report.deadLetters)) dead letters, "
                + "\(Units.count(report.notYetScored)) not yet scored by \(scoring.group)",
            AuditReport.Offence.Kind.allCases.map { "\(Units.count(report.count($0))) \(words($0))" }
                .joined(separator: ", "),
            "\(Units.count(report.recomputed)) computed again, bit for bit",
        ]
        if !report.versions.isEmpty {
            lines.append(
                "versions "
                    + report.versions.map {
                        "\($0.version) (\(Units.count($0.predictions + $0.deadLetters)))"
                    }
                    .joined(separator: ", "))
        }
        for partition in report.partitions {
            guard let first = partition.first, let last = partition.last else { continue }
            lines.append(
                "partition \(partition.partition): \(Units.count(partition.events)) events, offsets \(first) "
                    + "to \(last), the group at \(partition.committed.map { "\($0)" } ?? "its beginning")")
        }
        if report.elsewhere + report.outside > 0 {
            lines.append(
                "not looked at: \(Units.count(report.elsewhere)) records of other models or inputs, "
                    + "\(Units.count(report.outside)) of events that are older or outside the range")
        }
        return lines.joined(separator: "\n")
    }

    private func words(_ kind: AuditReport.Offence.Kind) -> String {
        switch kind {
        case .lost, .doubled, .differing, .unreadable: kind.rawValue
        case .unfounded: "without an event"
        case .unknownVersion: "of no known version"
        }
    }

    /// What is wrong, and what to do about it.
    static func failure(_ report: AuditReport) -> CommandError {
        let wrong = AuditReport.Offence.Kind.allCases.filter { report.count($0) > 0 }
        guard !wrong.isEmpty else {
            let places = report.openTransactions.map(\.description).joined(separator: ", ")
            return CommandError(
                .audit, "a transaction stays open in \(places), and hides what stands behind it",
                hint: "end or restart the writer that left it open, or wait until the log aborts it; "
                    + "then audit again",
                recovery: .retry)
        }
        return CommandError(
            .audit,
            "the stream is not scored exactly once: "
                + wrong.map { "\(report.count($0)) \($0.rawValue)" }.joined(separator: ", "),
            hint: wrong.map(remedy).joined(separator: "; "), recovery: .fixInput)
    }

    private static func remedy(_ kind: AuditReport.Offence.Kind) -> String {
        switch kind {
        case .lost:
            "lost: score these offsets again with another --group, and look whether outputs were removed by "
                + "their age (--from leaves them out)"
        case .doubled:
            "doubled: look for scorers of another --group on the same topics, and for "
                + "--delivery at-least-once"
        case .unfounded: "unfounded: look who else writes to the outputs, and whether --input is theirs"
        case .differing:
            "differing: compare the two texts; give the scorers' --layout options, and look whether their "
                + "program was another version"
        case .unknownVersion: "unknownVersion: look for the version with `modelcast models list`"
        case .unreadable: "unreadable: look who else writes to the outputs"
        }
    }
}

extension CommandError.Code {
    /// What was read back is not what was promised.
    static let audit = CommandError.Code("audit-failed")
}
