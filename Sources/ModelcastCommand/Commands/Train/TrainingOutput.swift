import Basics
import Training

/// How the outcome of training is printed.
struct TrainingOutput {
    let report: TrainingReport
    let output: Output

    /// Everything but the summary: columns, what was left out and why, candidates, requirements.
    func show() throws {
        try output.table(
            [
                .text("column"), .text("type"), .number("missing"), .number("distinct"), .number("min"),
                .number("mean"), .number("max"), .text("most frequent"),
            ], report.statistics.map { ($0.json, $0.cells) }, empty: "no columns")
        try output.line("")
        for (column, reason) in report.excluded {
            // People read it among the notices.
            try output.object(["excluded": .string(column), "reason": .string(reason)])
        }
        for anomaly in report.anomalies {
            try output.item(
                [
                    "anomaly": .string(anomaly.kind.name), "column": JSON(anomaly.column) { .string($0) },
                    "rows": JSON(anomaly.count), "lines": .array(anomaly.lines.map { JSON($0) }),
                    "detail": .string(anomaly.detail),
                ], "note: \(anomaly.text)")
        }
        for notice in report.notices {
            try output.item(["notice": .string(notice)], "note: \(notice)")
        }
        try printCandidates()
        for result in report.gate {
            try output.item(
                [
                    "requirement": .string(result.requirement), "value": .number(result.value),
                    "bound": .number(result.bound), "passed": .boolean(result.passed),
                    "detail": .string(result.detail),
                ], "\(result.passed ? "passed" : "FAILED"): \(result.requirement) — \(result.detail)")
        }
    }

    private func printCandidates() throws {
        let names = report.task.metrics
        let rows = report.candidates.map { candidate -> (json: JSON, cells: [String]) in
            let isChosen = candidate.algorithm == report.chosen.algorithm
            let evaluations = DataPart.allCases.compactMap { part in
                candidate.evaluations[part].map { JSON.Member(part.rawValue, Self.metrics($0)) }
            }
            let test = candidate.test
            return (
                [
                    "candidate": .string(candidate.algorithm.rawValue), "chosen": .boolean(isChosen),
                    "parameters": .object(
                        candidate.parameters.map { JSON.Member($0.name, .string($0.value)) }),
                    "evaluations": .object(evaluations), "modelBytes": JSON(candidate.modelBytes),
                    "fitMilliseconds": .rounded(candidate.duration.milliseconds),
                ],
                [(isChosen ? "* " : "  ") + candidate.algorithm.rawValue]
                    + names.map { name in test.map { Units.measure($0[name]) } ?? "" }
                    + [Units.bytes(candidate.modelBytes), Units.duration(candidate.duration)]
            )
        }
        try output.line("")
        try output.table(
            [.text("  algorithm")] + names.map { .number($0.rawValue) } + [
                .number("size"), .number("fitted in"),
            ],
            rows, empty: "")
        try output.line("")
    }

    static func metrics(_ evaluation: Evaluation) -> JSON {
        .object(evaluation.named.map { JSON.Member($0.name, .number($0.value)) })
    }
}

extension ColumnStatistics {
    fileprivate var json: JSON {
        [
            "column": .string(name), "type": .string(type.rawValue), "rows": JSON(count),
            "missing": JSON(missing), "distinct": JSON(distinct), "minimum": JSON(minimum) { .number($0) },
            "maximum": JSON(maximum) { .number($0) }, "mean": JSON(mean) { .number($0) },
            "standardDeviation": JSON(standardDeviation) { .number($0) },
            "quantiles": .object(
                zip(Self.quantileLevels, quantiles).map { JSON.Member("\($0)", .number($1)) }),
            "top": .array(top.map { ["value": .string($0.value), "count": JSON($0.count)] }),
        ]
    }

    fileprivate var cells: [String] {
        let common = top.prefix(3).map { "\($0.value) (\(Units.count($0.count)))" }.joined(separator: ", ")
        return [
            name, type.rawValue, missing == 0 ? "" : Units.digits(missingShare * 100) + " %",
            Units.count(distinct), minimum.map(Units.digits) ?? "", mean.map(Units.digits) ?? "",
            maximum.map(Units.digits) ?? "", type.isNumeric ? "" : common,
        ]
    }
}
