internal import Basics
internal import EventLog
internal import Synchronization

/// Something of a log that has to be closed with it.
protocol Closable: AnyObject, Sendable {
    /// Frees it by `deadline`.
    func close(deadline: Duration) async
    /// Frees it as a killed process would leave it: nothing is flushed, aborted or left. Returns at once.
    func kill()
}

/// What a log has made and not closed yet. Safe to call from any thread.
final class OpenHandles: Sendable {
    private struct Entry: Sendable {
        weak var object: (any Closable)?
    }

    private let entries = Mutex<[Entry]>([])

    /// Remembers `object` as long as somebody else holds it.
    func add(_ object: any Closable) {
        entries.withLock { entries in
            entries.removeAll { $0.object == nil }
            entries.append(Entry(object: object))
        }
    }

    /// Closes everything at once, by `deadline`.
    func closeAll(deadline: Duration) async {
        let objects = takeAll()
        await withTaskGroup(of: Void.self) { group in
            for object in objects { group.addTask { await object.close(deadline: deadline) } }
        }
    }

    /// Kills everything.
    func killAll() {
        for object in takeAll() { object.kill() }
    }

    private func takeAll() -> [any Closable] {
        entries.withLock { entries in
            defer { entries = [] }
            return entries.compactMap(\.object)
        }
    }
}

extension KafkaClient {
    /// Waits until `completion` says that the client is gone. A client that does not end by `limit` (its
    /// broker may be unreachable: librdkafka 4519 and others) is left to its thread, counted, told in the
    /// log, and not waited for again.
    func awaitEnd(_ completion: Completion, atMost limit: Duration, options: KafkaOptions) async {
        if isAbandoned { return }
        if await completion.wait(atMost: limit) { return }
        guard abandon() else { return }
        KafkaClient.abandoned.add(1, ordering: .relaxed)
        options.log?(
            KafkaLogLine(
                level: .warning, facility: "ABANDONED",
                text: "\(label) did not end within \(limit.wholeMilliseconds) ms and is left behind"))
    }
}
