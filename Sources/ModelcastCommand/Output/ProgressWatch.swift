/// Keeps a progress line current while work goes on that only counts.
enum ProgressWatch {
    /// Runs `work`; meanwhile asks `update` ten times a second to bring the line up to date.
    static func run<Value: Sendable>(
        _ label: String, isBytes: Bool = false, update: @escaping @Sendable (Progress) -> Void,
        while work: () async throws -> Value
    ) async throws -> Value {
        let line = Progress(label, isBytes: isBytes)
        let watcher = Task {
            while !Task.isCancelled {
                update(line)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        let result: Result<Value, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        watcher.cancel()
        _ = await watcher.result
        line.finish()
        return try result.get()
    }
}
