import Basics
import Dispatch
import Glibc

/// Turns SIGTERM and SIGINT into a graceful end: the first raises the stop signal, the second ends the
/// program at once.
enum Signals {
    /// What services poll. Its first use begins the watch, which goes on to the end of the process.
    static let stop: StopSignal = {
        let stop = StopSignal()
        let queue = DispatchQueue(label: "signals")
        for number in [SIGTERM, SIGINT] {
            // Dispatch sees a signal only when its default action is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                // The handler holds the source, which nobody else does.
                _ = source
                // The shell's convention for a program that a signal ended.
                if stop.isRaised { _exit(128 + number) }
                stop.raise()
            }
            source.resume()
        }
        return stop
    }()
}
