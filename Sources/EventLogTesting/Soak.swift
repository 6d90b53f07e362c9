internal import Basics
internal import Glibc
internal import Synchronization

/// How hard the suites that inject faults work: short runs by default, long ones under `scripts/soak`.
///
/// `MODELCAST_SOAK=1` asks for the long form, `MODELCAST_SEED` repeats a run, and every finished run adds one
/// line of counts to the file that `MODELCAST_SOAK_REPORT` names. Safe to use from any thread.
public enum Soak {
    /// Whether the long form was asked for.
    public static let isLong = variable("MODELCAST_SOAK") != nil

    /// `short` in an ordinary run of the tests, `long` under `scripts/soak`.
    public static func scale<Value>(_ short: Value, long: Value) -> Value { isLong ? long : short }

    /// The seed of this run: `MODELCAST_SEED`, or another one each time. Print it: `report` does.
    public static let seed: UInt64 =
        variable("MODELCAST_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1..<1_000_000)

    /// Tells what a run of `test` did (events, kills, versions, …): on standard error, and as one line of
    /// JSON in the report.
    public static func report(_ test: String, engine: String, _ counts: KeyValuePairs<String, Int>) {
        var json = JSONWriter()
        json.beginObject()
        json.key("test")
        json.string(test)
        json.key("engine")
        json.string(engine)
        json.key("seed")
        json.integer(Int(clamping: seed))
        for (name, count) in counts {
            json.key(name)
            json.integer(count)
        }
        json.endObject()
        let line = String(decoding: json.bytes, as: UTF8.self)
        reporting.withLock { _ in
            _ = unsafe "soak \(line)\n".withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
            guard let path = variable("MODELCAST_SOAK_REPORT"), let file = unsafe fopen(path, "a") else {
                return
            }
            unsafe fputs(line + "\n", file)
            unsafe fclose(file)
        }
    }

    private static let reporting = Mutex(())

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
