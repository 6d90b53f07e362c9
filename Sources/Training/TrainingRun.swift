internal import Basics
internal import Features
internal import Tabular

/// One run of training, step by step, on the calling thread.
struct TrainingRun {
    private let request: TrainingRequest
    private let progress: (TrainingProgress) -> Void
    private let shouldStop: () -> Bool
    private var notices: [String] = []
    private var anomalies: [Anomaly] = []

    /// Rows to train on at least.
    private static let trainRowsMin = 10

    init(
        _ request: TrainingRequest, _ progress: @escaping (TrainingProgress) -> Void,
        _ shouldStop: @escaping () -> Bool
    ) {
        self.request = request
        self.progress = progress
        self.shouldStop = shouldStop
    }

    mutating func run() throws(TrainingError) -> TrainingReport {
        progress(.loading)
        var table = request.table
        if let schema = request.schema, table.expectedColumns.isEmpty {
            table.expectedColumns = schema.features.map(\.name)
        }
        let loaded = try Table.load(
            path: request.data, options: table, split: request.split, splitKey: request.splitKey,
            shouldStop: shouldStop)
        progress(.loaded(rows: loaded.rowCount, columns: loaded.columns.count))
        try checkNames(loaded)
        try takeAnomalies(loaded)
        let (label, mentioned) = try label(loaded)
        var columns: [FrameColumn] = []
        for column in loaded.columns { columns.append(try loaded.frameColumn(column)) }
        let statistics = columns.map { ColumnStatistics($0) }
        noteColumns(loaded, statistics)
        let derived = try derivedColumns(loaded)
        let plan = try plan(columns, statistics, derived, Set(mentioned))
        notices += plan.notices
        try checkSchema(plan, loaded)
        let parts = try divide(loaded, label)
        let data = FitData(
            request: request, label: label, plan: plan, parts: parts, shouldStop: shouldStop,
            progress: progress)
        let metric = try selectionMetric(label.task)
        let fitted = try fit(data)
        let best = choose(fitted, metric)
        let (gate, championEvaluation) = self.gate(
            best, metric, loaded, columns + derived, parts[.test] ?? [], label)
        let model = TrainedModel(
            algorithm: best.candidate.algorithm, format: best.format,
            files: try SnapshotFiles(fitted: best, data: data).make(),
            metrics: Dictionary(
                uniqueKeysWithValues: (best.candidate.test?.named ?? []).map { ($0.name, $0.value) }),
            parameters: parameters(best, label), lineage: lineage(loaded, label, best))
        return TrainingReport(
            task: label.task, classes: label.classes, rows: rows(loaded, label, parts),
            statistics: statistics,
            excluded: plan.excluded, anomalies: anomalies, notices: notices, metric: metric,
            candidates: fitted.map(\.candidate), championEvaluation: championEvaluation, gate: gate,
            model: model)
    }

    // MARK: The data

    private func checkNames(_ table: Table) throws(TrainingError) {
        let named =
            request.include.filter { Self.derivation($0) == nil } + request.exclude + request.categorical
            + request.required + [request.idColumn].compactMap { $0 }
        for name in named where request.schema?.index(of: name) == nil { _ = try table.column(name) }
        for name in request.include where request.exclude.contains(name) {
            throw TrainingError(.request, "\(name) is both included and excluded")
        }
    }

    private mutating func takeAnomalies(_ table: Table) throws(TrainingError) {
        let dropped = Set(request.exclude)
        anomalies = table.anomalies.filter { $0.column.map { !dropped.contains($0) } ?? true }
        if let id = request.idColumn, let duplicates = try table.duplicates(in: id) {
            anomalies.append(duplicates)
        }
        guard table.rowCount > 0 || !anomalies.isEmpty else {
            throw TrainingError(.data, "\(table.name) has no rows", hint: "name a table with rows")
        }
    }

    private func refuseAnomalies(_ table: Table) throws(TrainingError) {
        if request.refusesAnomalies, let refusal = Anomaly.refusal(anomalies, file: table.name) {
            throw refusal
        }
    }

    /// The label, and the columns that it mentions. Where the table itself is wrong, that is said rather than
    /// what follows from it.
    private func label(_ table: Table) throws(TrainingError) -> (Label, [String]) {
        do throws(TrainingError) {
            let (expression, mentioned) = try labelExpression(table)
            let values = try table.values(of: expression)
            return (try Label(values, expression: request.label, task: request.task), mentioned)
        } catch {
            try refuseAnomalies(table)
            throw error
        }
    }

    /// The label in SQL, and the columns that it mentions. A column's bare name may be any text.
    private func labelExpression(_ table: Table) throws(TrainingError) -> (String, [String]) {
        if let column = table.columns.first(where: { $0.name == request.label }) {
            return (TableLoader.quoted(column.name), [column.name])
        }
        let mentioned = try table.columnsMentioned(by: request.label)
        guard !mentioned.isEmpty else {
            throw TrainingError(
                .label, "the label \(request.label) mentions no column of \(table.name)",
                hint: "its columns: " + table.columns.prefix(40).map(\.name).joined(separator: ", "))
        }
        return (request.label, mentioned)
    }

    private mutating func noteColumns(_ table: Table, _ statistics: [ColumnStatistics]) {
        for (column, numbers) in zip(table.columns, statistics) {
            if column.markersTakenAsMissing > 0 {
                notices.append(
                    "\(column.name): \(column.markersTakenAsMissing) cells such as NA are taken as missing")
            }
            if numbers.count == numbers.missing {
                anomalies.append(
                    Anomaly(.allMissing, column: column.name, isWarning: true, "no row has a value"))
            } else if numbers.distinct == 1, numbers.missing == 0 {
                let value = numbers.top.first?.value ?? ""
                anomalies.append(
                    Anomaly(
                        .constant, column: column.name, isWarning: true, "every row has the value \(value)"))
            }
        }
    }

    /// `EXPRESSION AS name`, split.
    private static func derivation(_ text: String) -> (expression: String, name: String)? {
        guard let range = text.lastRange(of: " as ") else { return nil }
        let name = text[range.upperBound...].filter { !$0.isWhitespace && $0 != "\"" }
        let expression = String(text[..<range.lowerBound])
        return name.isEmpty || expression.isEmpty ? nil : (expression, name)
    }

    private func derivedColumns(_ table: Table) throws(TrainingError) -> [FrameColumn] {
        var derived: [FrameColumn] = []
        for text in request.include {
            guard let (expression, name) = Self.derivation(text) else { continue }
            guard !table.columns.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
                throw TrainingError(.request, "\(text): the table has a column \(name) already")
            }
            derived.append(FrameColumn(name: name, try table.values(of: expression)))
        }
        return derived
    }

    private func plan(
        _ columns: [FrameColumn], _ statistics: [ColumnStatistics], _ derived: [FrameColumn],
        _ mentioned: Set<String>
    ) throws(TrainingError) -> FeaturePlan {
        if let schema = request.schema {
            return try .given(schema, request, columns, derived: derived, mentioned: mentioned)
        }
        let byName = Dictionary(uniqueKeysWithValues: statistics.map { ($0.name, $0) })
        return try .infer(request, columns, statistics: byName, derived: derived, mentioned: mentioned)
    }

    private mutating func checkSchema(_ plan: FeaturePlan, _ table: Table) throws(TrainingError) {
        if request.schema != nil || !request.required.isEmpty {
            let lines = try table.lines()
            for (feature, column) in zip(plan.schema.features, plan.columns) {
                anomalies += SchemaCheck.check(column, feature, lines: lines)
            }
        }
        try refuseAnomalies(table)
    }

    private func divide(_ table: Table, _ label: Label) throws(TrainingError) -> [DataPart: [Int]] {
        var parts: [DataPart: [Int]] = [.train: [], .validation: [], .test: []]
        for (row, unit) in table.units.enumerated() where !label.values[row].isNaN {
            parts[request.split.part(unit), default: []].append(row)
        }
        let counts = DataPart.allCases.map { parts[$0]?.count ?? 0 }
        guard counts[0] >= Self.trainRowsMin, counts[2] > 0, counts[1] > 0 || request.split.validation == 0
        else {
            throw TrainingError(
                .data,
                "\(table.name): too few rows with a label: \(counts[0]) to train on, "
                    + "\(counts[1]) to choose by, \(counts[2]) to test on",
                hint: "at least some hundred rows are needed")
        }
        if label.task != .regression {
            let seen = Set((parts[.train] ?? []).map { label.values[$0] })
            guard seen.count > 1 else {
                throw TrainingError(
                    .label, "the rows to train on have one class only",
                    hint: "give more rows, or another seed")
            }
        }
        return parts
    }

    // MARK: The models

    private func selectionMetric(_ task: TrainingTask) throws(TrainingError) -> Metric {
        let metric = request.metric ?? task.defaultMetric
        for asked in [metric] + request.requirements.map(\.metric) where !task.metrics.contains(asked) {
            throw TrainingError(
                .request, "\(asked.rawValue) does not apply to a \(task.rawValue) label",
                hint: "metrics: " + task.metrics.map(\.rawValue).joined(separator: ", "))
        }
        return metric
    }

    private mutating func fit(_ data: FitData) throws(TrainingError) -> [FittedModel] {
        var algorithms: [Algorithm] = []
        for algorithm in request.algorithms.isEmpty ? Algorithm.usual(data.label.task) : request.algorithms {
            let adapted = try algorithm.adapted(to: data.label.task)
            if !algorithms.contains(adapted) { algorithms.append(adapted) }
        }
        var library: XGBoostLibrary?
        if algorithms.contains(.xgboost) {
            do throws(TrainingError) {
                library = try XGBoostLibrary.open(path: request.xgboostLibrary)
            } catch {
                // Asked for by name, it must be there; otherwise the linear models stand alone.
                guard request.algorithms.isEmpty, request.xgboostLibrary == nil else { throw error }
                algorithms.removeAll { $0 == .xgboost }
                notices.append("boosted trees were not tried: \(error.message); \(error.hint)")
            }
        }
        var fitted: [FittedModel] = []
        for algorithm in algorithms {
            if shouldStop() { throw TrainingError(.cancelled, "training was cancelled", recovery: .retry) }
            fitted.append(try CandidateFit(data: data, algorithm: algorithm, library: library).run())
        }
        return fitted
    }

    /// The best on the validation part; without one, on the rows trained on.
    private func choose(_ fitted: [FittedModel], _ metric: Metric) -> FittedModel {
        func value(_ model: FittedModel) -> Double {
            (model.candidate.evaluations[.validation] ?? model.candidate.evaluations[.train])?[metric] ?? .nan
        }
        return fitted.dropFirst().reduce(fitted[0]) { best, next in
            metric.isBetter(value(next), than: value(best)) ? next : best
        }
    }

    private func gate(
        _ best: FittedModel, _ metric: Metric, _ table: Table, _ columns: [FrameColumn], _ test: [Int],
        _ label: Label
    ) -> ([GateResult], Evaluation?) {
        var results = request.requirements.map { requirement in
            let value = best.candidate.evaluations[requirement.part]?[requirement.metric] ?? .nan
            let passed = requirement.isMet(by: value)
            return GateResult(
                requirement: requirement.description, value: value, bound: requirement.bound, passed: passed,
                detail:
                    "\(requirement.part.rawValue) \(requirement.metric.rawValue) is \(value), required is "
                    + "\(requirement.comparison.rawValue) \(requirement.bound)")
        }
        guard let champion = request.champion else { return (results, nil) }
        let value = best.candidate.test?[metric] ?? .nan
        do throws(TrainingError) {
            let evaluation = try champion.evaluate(table, columns, rows: test, label: label)
            let bound =
                metric.isGreaterBetter
                ? evaluation[metric] - champion.tolerance : evaluation[metric] + champion.tolerance
            results.append(
                GateResult(
                    requirement: "champion \(champion.name)", value: value, bound: bound,
                    passed: !value.isNaN && !metric.isBetter(bound, than: value),
                    detail: "test \(metric.rawValue) is \(value), the champion's on the same rows is "
                        + "\(evaluation[metric])"))
            return (results, evaluation)
        } catch {
            results.append(
                GateResult(
                    requirement: "champion \(champion.name)", value: value, bound: .nan, passed: false,
                    detail: "not comparable: \(error.message)"))
            return (results, nil)
        }
    }

    // MARK: The result

    private func parameters(_ best: FittedModel, _ label: Label) -> [String: String] {
        var parameters = Dictionary(
            best.candidate.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        parameters["algorithm"] = best.candidate.algorithm.rawValue
        parameters["label"] = request.label
        parameters["split"] = "\(request.split.train)/\(request.split.validation), seed \(request.split.seed)"
        if !label.classes.isEmpty, label.classes != ["0", "1"] {
            parameters["classes"] = label.classes.joined(separator: ",")
        }
        return parameters
    }

    private func lineage(_ table: Table, _ label: Label, _ best: FittedModel) -> TrainingLineage {
        TrainingLineage(
            dataName: String(request.data.split(separator: "/").last ?? "-"), dataDigest: table.digest,
            rows: table.rowCount - label.missingCount, label: request.label, split: request.split,
            splitKey: request.splitKey, libraryVersion: best.libraryVersion)
    }

    private func rows(_ table: Table, _ label: Label, _ parts: [DataPart: [Int]]) -> TrainingReport.Rows {
        TrainingReport.Rows(
            total: table.rowCount, unlabelled: label.missingCount, train: parts[.train]?.count ?? 0,
            validation: parts[.validation]?.count ?? 0, test: parts[.test]?.count ?? 0)
    }
}

extension FrameColumn {
    /// A column of values computed in SQL.
    fileprivate init(name: String, _ values: [TableValue]) {
        let hasText = values.contains { if case .text = $0 { true } else { false } }
        if hasText {
            self = .categories(
                name: name,
                values.map { value in
                    switch value {
                    case .text(let text): text
                    case .integer(let number): String(number)
                    case .real(let number): RowEncoding.number(number)
                    default: nil
                    }
                })
            return
        }
        let numbers = values.map { value -> Double in
            switch value {
            case .integer(let number): Double(number)
            case .real(let number): number
            default: .nan
            }
        }
        let isWhole = numbers.allSatisfy { $0.isNaN || $0 == $0.rounded() }
        self.init(name: name, type: isWhole ? .integer : .real, values: .numbers(numbers))
    }
}

extension String {
    /// The last place of `text` (lower case), in either case.
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        let lower = lowercased()
        return lower.utf8.count == utf8.count ? lower.ranges(of: text).last : nil
    }
}
