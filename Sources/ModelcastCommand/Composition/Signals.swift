import Basics
import Dispatch
import Glibc

/// Turns SIGTERM and SIGINT into a graceful end: the first raises the stop signal, the second ends the program at once.
///
/// Keeps watching as long as it is alive.
final class Signals {
    /// What the services poll.
    let stop = StopSignal()
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "signals")
        let stop = self.stop
        sources = [SIGTERM, SIGINT].map { number in
            // Dispatch sees a signal only when its default action is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                // The shell's convention for a program that a signal ended.
                if stop.isRaised { _exit(128 + number) }
                stop.raise()
            }
            return source
        }
        for source in sources { source.resume() }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}
