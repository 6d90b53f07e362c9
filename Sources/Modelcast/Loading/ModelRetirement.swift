internal import Basics

/// Frees replaced models: waits until no reader looks at a model, then until nobody else holds the model,
/// and lets the last reference go here, on a thread of its own. Freeing hundreds of megabytes takes
/// milliseconds, which no scoring batch should pay.
actor ModelRetirement {
    /// The process's own.
    static let shared = ModelRetirement()

    /// How long to wait between two looks; doubles up to the maximum while nothing changes.
    private static let delayMin = Duration.milliseconds(1)
    private static let delayMax = Duration.milliseconds(250)

    private let executor = ThreadExecutor(name: "model-retire", priority: .background)
    private var generations: [(number: UInt64, reference: SharedReference<LoadedModel>)] = []
    private var models: [LoadedModel] = []
    private var isRunning = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Models that wait for their last user.
    var waitingCount: Int { generations.count + models.count }

    /// Takes the model of an old generation out of `reference` and frees it, each as soon as that can be
    /// done.
    func retire(_ generation: UInt64, of reference: SharedReference<LoadedModel>) async {
        generations.append((generation, reference))
        guard !isRunning else { return }
        isRunning = true
        var delay = ModelRetirement.delayMin
        while true {
            let before = waitingCount
            sweep()
            if waitingCount == 0 { break }
            delay =
                waitingCount < before ? ModelRetirement.delayMin : min(delay * 2, ModelRetirement.delayMax)
            try? await Task.sleep(for: delay)
        }
        isRunning = false
    }

    private func sweep() {
        generations.removeAll { old in
            switch old.reference.take(old.number) {
            case .taken(let model):
                models.append(model)
                return true
            case .gone: return true
            case .busy: return false
            }
        }
        var index = 0
        while index < models.count {
            if isKnownUniquelyReferenced(&models[index]) {
                models.remove(at: index)
            } else {
                index += 1
            }
        }
    }
}
