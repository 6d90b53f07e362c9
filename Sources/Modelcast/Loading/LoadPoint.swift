/// A place in the work of a loader, between two pieces of it. Tests hold a load there.
enum LoadPoint: Sendable, CaseIterable {
    /// Before the model file is read.
    case reading
    /// Before the pipeline is compiled; the file's bytes are freed.
    case compiling
    /// Before the golden rows are scored.
    case checking
    /// Before memory is touched.
    case warming
}
