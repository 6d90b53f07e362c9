/// How much of a core a long piece of work takes that nobody waits for: the first of it freely, so that short
/// work is as quick as ever; then a share, in short stints with rests between them.
///
/// A low priority alone leaves stalls to who shares the core: a thread that has waited for long gets a whole
/// slice of it, system calls are not interrupted on many machines, and between processes in different
/// control groups or sessions a thread's priority does not count at all.
public struct WorkPace: Sendable, Hashable {
    /// Processor time before the first rest.
    public var free: Duration
    /// The least processor time between two rests.
    public var stint: Duration
    /// The longest rest.
    public var restMax: Duration
    /// The part of a core that the work takes, above 0 and at most 1: 1 is no rest at all.
    public var share: Double

    /// Work of at most `share` of a core.
    public init(free: Duration, stint: Duration, restMax: Duration, share: Double) {
        precondition(share > 0 && share <= 1, "a share of \(share)")
        self.free = free
        self.stint = stint
        self.restMax = restMax
        self.share = share
    }

    /// A quarter of a core in stints of a millisecond, after 5 ms without a rest: what fetching, checking
    /// and compiling half a megabyte takes. More of it at once holds others up for as long.
    public static let quarter = WorkPace(
        free: .milliseconds(5), stint: .milliseconds(1), restMax: .milliseconds(100), share: 0.25)
}

/// Decides when work at a pace rests: a pure value that is told how much processor time was used.
struct PaceMeter {
    private let pace: WorkPace
    /// The processor time from which the next stint counts; nil before the first look.
    private var begin: Duration?

    init(_ pace: WorkPace) {
        self.pace = pace
    }

    /// How long to rest now, when `used` is the processor time so far; nil when no rest is due.
    mutating func rest(at used: Duration) -> Duration? {
        guard let begin else {
            begin = used + pace.free
            return nil
        }
        let worked = used - begin
        guard pace.share < 1, worked >= pace.stint else { return nil }
        self.begin = used
        return min(worked * (1 / pace.share - 1), pace.restMax)
    }
}
