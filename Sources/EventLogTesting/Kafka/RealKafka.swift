internal import Basics
public import EventLog
internal import Glibc
internal import Synchronization

/// A real Apache Kafka for tests, started by a script and ended with this process, however that ends.
///
/// The script is the one that the environment variable `MODELCAST_KAFKA` names, else `../shared/kafka/kafka`
/// beside the repository; `start --dir D --port P [--brokers N] [--secure]`, `stop`, `kill` and `restart` are
/// its verbs. A watchdog holds the reading end of a pipe whose other end is ours: when the kernel closes
/// that, the brokers are stopped and their files deleted. Safe to call from any thread.
///
/// ```swift
/// @Test(.enabled(if: RealKafka.isAvailable, RealKafka.absence)) func works() async throws {
///     let kafka = try await RealKafka.shared()
///     let log = try KafkaLog.open(url: kafka.url)
/// }
/// ```
public final class RealKafka: Sendable {
    /// How a cluster is secured, when it was started so.
    public struct Secrets: Sendable, Hashable {
        /// The URL of the TLS listener, which asks for SASL PLAIN.
        public let url: String
        /// The authority's certificate.
        public let authorityFile: String
        /// The user.
        public let user: String
        /// The user's password.
        public let password: String
    }

    /// The URL to open a log with.
    public let url: String
    /// The TLS listener, of a cluster that was started with one.
    public let secrets: Secrets?
    private let directory: String
    private let script: String
    /// The pipe's writing end: open until this object, or the process, ends.
    private let lifeline: Int32
    private static let names = Atomic<Int>(0)
    private static let sharedTask = Mutex<Task<RealKafka, any Error>?>(nil)

    private init(url: String, secrets: Secrets?, directory: String, script: String, lifeline: Int32) {
        self.url = url
        self.secrets = secrets
        self.directory = directory
        self.script = script
        self.lifeline = lifeline
    }

    deinit {
        Glibc.close(lifeline)
    }

    // MARK: Finding it

    /// The script; nil when there is none.
    public static var script: String? {
        if let named = environment("MODELCAST_KAFKA") { return isExecutable(named) ? named : nil }
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let beside = "/\(root)/../shared/kafka/kafka"
        return isExecutable(beside) ? beside : nil
    }

    /// Whether a Kafka can be started here.
    public static var isAvailable: Bool { script != nil }

    /// Says why suites that need a Kafka are skipped.
    public static let absence: String =
        "no Apache Kafka: set MODELCAST_KAFKA to the script that starts one (start|stop --dir D --port P)"

    // MARK: Starting

    /// The one broker that all suites of this process share; started at the first call. Use topics of your
    /// own.
    public static func shared() async throws -> RealKafka {
        let task = sharedTask.withLock { task in
            if let task { return task }
            let new = Task { try await RealKafka.start() }
            task = new
            return new
        }
        return try await task.value
    }

    /// Starts a cluster of its own, which ends with the object. Takes about five seconds for a broker.
    public static func start(brokers: Int = 1, secure: Bool = false) async throws -> RealKafka {
        guard let script else {
            throw LogError(.unavailable, absence, recovery: .fixConfiguration)
        }
        let directory = try makeDirectory()
        let port = try freePort(brokers: brokers)
        var arguments = ["start", "--dir", directory, "--port", "\(port)", "--brokers", "\(brokers)"]
        if secure { arguments.append("--secure") }
        let lifeline = try spawnWatchdog(script: script, directory: directory, arguments: arguments)
        // Owned from here on, so that every error below ends the cluster.
        let deadline = ContinuousClock.now + .seconds(120)
        while !isFile("\(directory)/ready") {
            guard ContinuousClock.now < deadline, !isFile("\(directory)/failed") else {
                let log = readFile("\(directory)/start.log")
                Glibc.close(lifeline)
                throw LogError(.unavailable, "Kafka did not start: \(log)", recovery: .fixConfiguration)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let output = readFile("\(directory)/start.log")
        let list = (0..<brokers).map { "127.0.0.1:\(port + $0)" }.joined(separator: ",")
        return RealKafka(
            url: "kafka://\(list)", secrets: secure ? parseSecrets(output) : nil, directory: directory,
            script: script, lifeline: lifeline)
    }

    /// A topic name that nobody has used.
    public static func uniqueTopic(_ prefix: String = "test") -> TopicName {
        let number = names.add(1, ordering: .relaxed).newValue
        let text = "\(prefix)-\(getpid())-\(number)"
        return (try? TopicName(text)) ?? "test"
    }

    // MARK: Faults

    /// Kills broker `number` (from 1) with SIGKILL.
    public func kill(broker number: Int = 1) async throws {
        let process = process(ofBroker: number)
        try await run(["kill", "--dir", directory, "--broker", "\(number)"])
        // The dead process stands in the table until init has collected it; a restart would take it for
        // alive.
        let deadline = ContinuousClock.now + .seconds(10)
        while let process, Glibc.kill(process, 0) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Starts broker `number` again with its data and waits until it listens.
    public func restart(broker number: Int = 1) async throws {
        try await run(["restart", "--dir", directory, "--broker", "\(number)"])
    }

    /// Stops broker `number` where it is: its connections stay, and nothing answers until `resume`.
    public func suspend(broker number: Int = 1) throws { try signal(SIGSTOP, broker: number) }

    /// Lets a suspended broker go on.
    public func resume(broker number: Int = 1) throws { try signal(SIGCONT, broker: number) }

    /// Stops broker `number` as a service manager does, and waits until it has ended: SIGTERM, and SIGKILL
    /// half a minute later, for a broker may wait minutes for its controller.
    public func shutDown(broker number: Int = 1) async throws {
        let process = process(ofBroker: number)
        try signal(SIGTERM, broker: number)
        let deadline = ContinuousClock.now + .seconds(30)
        while let process, Glibc.kill(process, 0) == 0 {
            guard ContinuousClock.now < deadline else { return try await kill(broker: number) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func process(ofBroker number: Int) -> Int32? {
        Int32(RealKafka.readFile("\(directory)/broker-\(number).pid").filter(\.isNumber))
    }

    private func signal(_ signal: Int32, broker number: Int) throws {
        guard let process = process(ofBroker: number), Glibc.kill(process, signal) == 0 else {
            throw LogError(
                .unavailable, "broker \(number) of \(directory) is no process", recovery: .fixConfiguration)
        }
    }

    private func run(_ arguments: [String]) async throws {
        let script = script
        let status = await ThreadExecutor(name: "kafka-script").run {
            Subprocess.run(["/bin/bash", script] + arguments)
        }
        guard status == 0 else {
            throw LogError(
                .unavailable, "kafka \(arguments.joined(separator: " ")) ended with status \(status)",
                recovery: .retry)
        }
    }

    // MARK: Private

    /// Starts the cluster, waits for the pipe to close, stops the cluster and deletes its files.
    private static let watchdog = """
        script=$1 dir=$2; shift 2
        trap '' INT TERM HUP
        exec 3<"$dir/lifeline"
        if "$script" "$@" >"$dir/start.log" 2>&1 3<&-; then : >"$dir/ready"; else : >"$dir/failed"; fi
        read -r _ <&3
        for pid in "$dir"/broker-*.pid; do kill -CONT "$(cat "$pid")" 2>/dev/null; done
        "$script" stop --dir "$dir" >/dev/null 2>&1 3<&-
        rm -rf "$dir"
        """

    private static func spawnWatchdog(script: String, directory: String, arguments: [String]) throws -> Int32
    {
        let path = "\(directory)/lifeline"
        // A named pipe, because it can be opened close-on-exec in one step: a child of this process that
        // inherited the writing end would keep the cluster alive after us.
        guard unsafe mkfifo(path, 0o600) == 0 else {
            throw LogError(.storage, "no pipe at \(path): \(SystemError.text(errno))", recovery: .retry)
        }
        let lifeline = unsafe open(path, O_RDWR | O_CLOEXEC)
        let command =
            ["/usr/bin/setsid", "--fork", "/bin/bash", "-c", watchdog, "kafka-watchdog", script, directory]
            + arguments
        guard lifeline >= 0, Subprocess.run(command) == 0 else {
            Glibc.close(lifeline)
            throw LogError(.unavailable, "cannot run setsid and bash", recovery: .fixConfiguration)
        }
        return lifeline
    }

    private static func makeDirectory() throws -> String {
        let base = environment("TMPDIR") ?? "/tmp"
        let path = "\(base)/modelcast-kafka-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard unsafe mkdir(path, 0o700) == 0 else {
            throw LogError(
                .storage, "cannot make \(path): \(SystemError.text(errno))", recovery: .fixConfiguration)
        }
        return path
    }

    /// The first of a run of ports of which brokers, controllers and TLS listeners find theirs free.
    private static func freePort(brokers: Int) throws -> Int {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let port = Int.random(in: 20_000..<32_000, using: &random)
            let wanted = (0..<brokers).flatMap { [port + $0, port + 101 + $0, port + 200 + $0] }
            if wanted.allSatisfy(isFree) { return port }
        }
        throw LogError(.unavailable, "no free ports between 20000 and 32000", recovery: .retry)
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return false }
        defer { Glibc.close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func parseSecrets(_ output: String) -> Secrets? {
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("secure_bootstrap=") })
        else { return nil }
        var values: [String: String] = [:]
        for pair in line.split(separator: " ") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        guard let bootstrap = values["secure_bootstrap"], let authority = values["ca"],
            let user = values["user"], let password = values["password"]
        else { return nil }
        return Secrets(
            url: "kafka://\(bootstrap)", authorityFile: authority, user: user, password: password)
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    private static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    private static func isFile(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func readFile(_ path: String) -> String {
        guard let file = unsafe fopen(path, "r") else { return "" }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

/// Runs short commands.
enum Subprocess {
    /// Runs `command`, waits, and returns its exit status (-1 when it could not be run). Its input and
    /// output go nowhere.
    static func run(_ command: [String]) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for number in Int32(0)...2 {
            unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var child: pid_t = 0
        guard unsafe posix_spawn(&child, command[0], &actions, nil, arguments, environ) == 0 else {
            return -1
        }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            if errno != EINTR { return -1 }
        }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : -1
    }
}
