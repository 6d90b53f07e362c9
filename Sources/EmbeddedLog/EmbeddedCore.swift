internal import Basics
internal import EventLog
internal import Glibc
internal import Synchronization

/// What the readers and writers of one handle share.
final class EmbeddedCore: Sendable {
    let path: String
    let options: EmbeddedLogOptions
    let signal: ChangeSignal
    let directory = TopicDirectory()
    let members: MemberFile
    let wakeup: Wakeup
    let write: WriteStore
    let maintenance: Maintenance
    private let lanes: [ReadStore]
    /// For readers of bulk that give way.
    private let backgroundLane: ReadStore
    private let nextLane = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)
    private let pulses: Pulses
    private let file: OpenedFile

    /// The members of this handle that show signs of life: by slot, what tells whether they still do.
    final class Pulses: Sendable {
        private let lives = Mutex<[Int: @Sendable () -> Bool]>([:])

        func add(_ slot: Int, _ lives: @Sendable @escaping () -> Bool) {
            self.lives.withLock { $0[slot] = lives }
        }

        func remove(_ slot: Int) {
            lives.withLock { $0[slot] = nil }
        }

        func beat(_ members: MemberFile) {
            let all = lives.withLock { $0 }
            for (slot, lives) in all where lives() { members.beat(slot) }
        }
    }

    private init(
        path: String, options: EmbeddedLogOptions, signal: ChangeSignal, members: MemberFile, wakeup: Wakeup,
        pulses: Pulses, write: WriteStore, file: OpenedFile
    ) {
        self.path = path
        self.file = file
        self.options = options
        self.signal = signal
        self.members = members
        self.wakeup = wakeup
        self.pulses = pulses
        self.write = write
        lanes = [ReadStore(path: path), ReadStore(path: path)]
        backgroundLane = ReadStore(path: path, priority: .background)
        maintenance = Maintenance(path: path, options: options)
    }

    /// Opens the log at `path`, creating it when it is missing.
    static func open(_ path: String, _ options: EmbeddedLogOptions) async throws(LogError) -> EmbeddedCore {
        let signal = ChangeSignal()
        let pulses = Pulses()
        // The wake file does not exist before the log, so the store learns of it later.
        let touch = Mutexed<Wakeup?>(nil)
        let write = WriteStore(path: path, options: options) {
            signal.notify()
            touch.value?.touch()
        }
        let file = try await write.open()
        let (members, wakeup) = try await write.thread.run { () throws(LogError) in
            let members = try MemberFile(path: path + "-members", mode: file.mode)
            let wakeup = try Wakeup(
                path: path + "-wake", mode: file.mode, signal: signal, interval: options.limits.checkInterval
            ) {
                pulses.beat(members)
                file.look()
                if file.isLost { signal.notify() }
            }
            return (members, wakeup)
        }
        touch.value = wakeup
        return EmbeddedCore(
            path: path, options: options, signal: signal, members: members, wakeup: wakeup, pulses: pulses,
            write: write, file: file)
    }

    deinit {
        wakeup.stop()
    }

    /// Throws `closed` once the handle is closed, and `unavailable` once its file is gone.
    func check() throws(LogError) {
        if isClosed.load(ordering: .acquiring) { throw .closed("the log \(path)") }
        if file.isLost { throw file.failure }
    }

    /// A store for a new reader.
    func lane(_ priority: ThreadPriority = .normal) -> ReadStore {
        guard priority == .normal else { return backgroundLane }
        return lanes[nextLane.add(1, ordering: .relaxed).oldValue % lanes.count]
    }

    /// The topic called `name`; throws `notFound` without one.
    func topic(_ name: TopicName) async throws(LogError) -> TopicEntry {
        guard let entry = try await topicIfAny(name) else { throw .noTopic(name) }
        return entry
    }

    /// The topic called `name`.
    func topicIfAny(_ name: TopicName) async throws(LogError) -> TopicEntry? {
        if let entry = directory[name] { return entry }
        guard let entry = try await lanes[0].topic(name) else { return nil }
        directory.add([entry])
        return entry
    }

    /// Keeps the member with `slot` alive for others as long as `lives` says so.
    func keepAlive(_ slot: Int, _ lives: @Sendable @escaping () -> Bool) {
        pulses.add(slot, lives)
    }

    /// Ends what `keepAlive` began, and lets the slot go.
    func letDie(_ slot: Int) {
        pulses.remove(slot)
        members.release(slot)
    }

    /// Refuses further calls and wakes who waits; returns false when that was done before.
    func beginClosing() -> Bool {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        signal.notify()
        return true
    }

    /// Closes the files.
    func finishClosing() async {
        await maintenance.close()
        await write.close()
        for lane in lanes + [backgroundLane] { await lane.close() }
        wakeup.stop()
        members.closeFile()
    }
}

extension ContinuousClock.Instant {
    /// Runs `work` and returns when it is done, or at this time at the latest; then it goes on by itself.
    func bound(_ work: @Sendable @escaping () async -> Void) async {
        let done = ChangeSignal()
        let version = done.version
        Task {
            await work()
            done.notify()
        }
        await done.wait(since: version, timeout: max(.zero, self - .now), time: SystemTime())
    }
}

/// A value behind a lock.
private final class Mutexed<Value: Sendable>: Sendable {
    private let contents: Mutex<Value>

    init(_ value: Value) { contents = Mutex(value) }

    var value: Value {
        get { contents.withLock { $0 } }
        set { contents.withLock { $0 = newValue } }
    }
}
