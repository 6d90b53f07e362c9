import Basics
import Catalog
import EventLog

/// What `doctor` checks of the log: whether it answers, its topics, the clocks of its writers, a group's lag.
struct LogChecks {
    let log: any EventLog
    let topics: TopicNames
    /// Nil: the groups that `score` uses for the models of the catalog.
    let group: String?
    let topicPrefix: String
    let input: TopicName
    /// How far ahead of this machine's clock a record may be before one of the clocks is wrong.
    static let skewMax = Duration.seconds(5)

    /// All checks; the later ones are left out when the log does not answer.
    func run() async -> [Finding] {
        let start = ContinuousClock.now
        let existing: [TopicDescription]
        do {
            existing = try await log.topics()
        } catch {
            return [
                .failed("broker", "\(log.name): \(error.message)", remedy: remedy(error, else: "start it"))
            ]
        }
        let answered = ContinuousClock.now - start
        var findings: [Finding] = [.ok("broker", "\(log.name) answered in \(Units.duration(answered))")]
        let byName = Dictionary(existing.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        findings += topicFindings(byName)
        findings += await skewFindings(Set(byName.keys))
        guard byName[input] != nil else { return findings }
        for group in await groups(byName) { findings.append(await finding(of: group)) }
        return findings
    }

    private func topicFindings(_ existing: [TopicName: TopicDescription]) -> [Finding] {
        var missing: [String] = []
        var findings: [Finding] = []
        for wanted in topics.definitions {
            guard let topic = existing[wanted.name] else {
                missing.append(wanted.name.text)
                continue
            }
            if let cleanup = topic.cleanup, cleanup != wanted.cleanup {
                let loss = wanted.cleanup == .compact ? ", or models will be lost when records grow old" : ""
                findings.append(
                    .failed(
                        "topics", "\(wanted.name) has cleanup '\(cleanup.rawValue)'",
                        remedy: "set cleanup.policy=\(wanted.cleanup.rawValue)\(loss)"))
            }
            if wanted.name == topics.catalog, topic.partitions != 1 {
                findings.append(
                    .failed(
                        "topics",
                        "\(wanted.name) has \(topic.partitions) partitions, so its records have no order",
                        remedy: "make it again with one partition, or use another --topic-prefix"))
            }
        }
        if !missing.isEmpty {
            findings.append(
                .warning(
                    "topics", "missing: \(missing.joined(separator: ", "))",
                    remedy: "`modelcast topics apply` creates them"))
        }
        return findings.isEmpty ? [.ok("topics", "all \(topics.all.count) exist")] : findings
    }

    /// Looks at the newest record of each topic: one from the future tells of a wrong clock.
    private func skewFindings(_ existing: Set<TopicName>) async -> [Finding] {
        var newest: (topic: TopicName, ahead: Duration)?
        for topic in topics.all where existing.contains(topic) {
            do {
                guard let time = try await newestTime(of: topic) else { continue }
                let ahead = Duration.milliseconds(time.milliseconds - Timestamp.now.milliseconds)
                if newest.map({ ahead > $0.ahead }) ?? true { newest = (topic, ahead) }
            } catch {
                return [
                    .failed(
                        "records", "cannot read \(topic): \(error.message)",
                        remedy: remedy(error, else: "check the permissions"))
                ]
            }
        }
        guard let newest else { return [] }
        guard newest.ahead > LogChecks.skewMax else {
            return [.ok("clock skew", "no record is from the future")]
        }
        return [
            .warning(
                "clock skew",
                "the newest record of \(newest.topic) is \(Units.duration(newest.ahead)) in the future",
                remedy: "keep the clocks of its writer and of this machine in step")
        ]
    }

    private func newestTime(of topic: TopicName) async throws(LogError) -> Timestamp? {
        var start: [TopicPartition: StartPosition] = [:]
        for (partition, marks) in try await log.watermarks(of: topic) where marks.high > marks.low {
            start[TopicPartition(topic, partition)] = .offset(Offset(marks.high.number - 1))
        }
        guard !start.isEmpty else { return nil }
        let reader = try await log.reader(ReaderOptions(start: start, readsAhead: false))
        var batch = RecordBatch()
        var newest: Timestamp?
        var open = Set(start.keys)
        // The place before the end may hold a marker instead of a record, so reading stops at the end, not at
        // a count.
        while !open.isEmpty {
            batch.removeAll()
            let outcome = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(2))
            for index in 0..<batch.count {
                if let time = batch.timestamp(at: index) { newest = max(newest ?? time, time) }
            }
            if case .caughtUp(let ends) = outcome { open.subtract(ends.keys) }
            if case .idle = outcome { break }
        }
        await reader.close(deadline: .seconds(2))
        return newest
    }

    private func groups(_ existing: [TopicName: TopicDescription]) async -> [String] {
        if let group { return [group] }
        guard existing[topics.catalog] != nil else { return [] }
        do throws(CatalogError) {
            let follower = try await CatalogFollower.start(log: log, topics: topics)
            let models = await follower.state.models.keys.sorted()
            await follower.close()
            return models.map { ScoreCommand.group(of: $0, prefix: topicPrefix) }
        } catch {
            // Reading the catalog's newest record has told the failure already.
            return []
        }
    }

    private func finding(of group: String) async -> Finding {
        do {
            let committed = try await log.committedOffsets(of: group, topic: input)
            let marks = try await log.watermarks(of: input)
            guard !committed.isEmpty else {
                return .ok("group", "\(group) has not read \(input) yet; it will start at the first record")
            }
            let lag = marks.reduce(Int64(0)) { sum, entry in
                sum + max(0, entry.value.high.number - (committed[entry.key] ?? entry.value.low).number)
            }
            let behind = marks.contains { entry in committed[entry.key].map { $0 < entry.value.low } ?? false
            }
            if behind {
                return .warning(
                    "group", "\(group) stands before the first record that \(input) still has",
                    remedy:
                        "records were removed before they were scored: keep them longer, or run more scorers")
            }
            return .ok("group", "\(group) has \(Units.count(lag)) offsets of \(input) left to read")
        } catch {
            return .failed(
                "group", "\(group): \(error.message)", remedy: remedy(error, else: "check the broker"))
        }
    }

    private func remedy(_ error: LogError, else other: String) -> String {
        error.hint.isEmpty ? other : error.hint
    }
}
