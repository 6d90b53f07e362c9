/// The model that a process runs now, read without locks by any number of scoring threads.
///
/// A scoring loop compares `generation`, one atomic load, and takes `current` anew only when it has
/// changed: between two batches, so that one batch has one version. A model that was replaced is kept alive
/// by the slot's own task until nobody else uses it, so that its memory is never freed on a scoring thread.
///
/// ```swift
/// if slot.generation != generation {
///     generation = slot.generation   // first: a swap between the two lines is seen at the next batch
///     model = slot.current
/// }
/// ```
public final class ModelSlot: Sendable {
    private let reference = SharedReference<LoadedModel>()

    /// A slot without a model.
    public init() {}

    deinit {
        retire(reference.replace(with: nil))
    }

    /// The model; nil before the first one is live. Lock-free.
    public var current: LoadedModel? { reference.load() }

    /// Changes with every `set`. One atomic load.
    public var generation: UInt64 { reference.generation }

    /// Puts `model` in place of the present one, which is freed when its last user lets it go.
    public func set(_ model: LoadedModel) {
        retire(reference.replace(with: model))
    }

    private func retire(_ generation: UInt64?) {
        guard let generation else { return }
        Task { [reference] in await ModelRetirement.shared.retire(generation, of: reference) }
    }
}
