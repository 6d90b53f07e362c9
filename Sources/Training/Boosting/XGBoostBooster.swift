internal import Basics

/// A boosted model while it is trained. Confined to one thread at a time.
@safe struct XGBoostBooster: ~Copyable {
    let library: XGBoostLibrary
    private let handle: XGBoostLibrary.Handle

    /// A model without trees for the rows of `train` (and those it is judged by).
    static func make(
        _ library: XGBoostLibrary, train: borrowing XGBoostMatrix, validation: borrowing XGBoostMatrix,
        parameters: [(String, String)]
    ) throws(TrainingError) -> XGBoostBooster {
        let matrices: [XGBoostLibrary.Handle?] = unsafe [
            train.withHandle { unsafe $0 }, validation.withHandle { unsafe $0 },
        ]
        var created: XGBoostLibrary.Handle?
        let code = unsafe matrices.withUnsafeBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe library.boosterCreate(base, 2, &created)
        }
        try library.check(code, "the model")
        guard let handle = unsafe created else {
            throw TrainingError(.library, "XGBoost gave no model", recovery: .bug)
        }
        let booster = unsafe XGBoostBooster(library, owning: handle)
        for (name, value) in parameters {
            try library.check(unsafe library.boosterSetParameter(handle, name, value), "\(name)=\(value)")
        }
        return booster
    }

    private init(_ library: XGBoostLibrary, owning handle: XGBoostLibrary.Handle) {
        self.library = library
        unsafe self.handle = handle
    }

    deinit {
        _ = unsafe library.boosterFree(handle)
    }

    /// Adds the trees of one round.
    func update(round: Int, train: borrowing XGBoostMatrix) throws(TrainingError) {
        let code = unsafe train.withHandle { unsafe library.boosterUpdate(handle, Int32(round), $0) }
        try library.check(code, "round \(round)")
    }

    /// The last of the library's own metrics on `matrix` after a round.
    func evaluate(round: Int, on matrix: borrowing XGBoostMatrix) throws(TrainingError) -> Double {
        var text: UnsafePointer<CChar>?
        let code = unsafe matrix.withHandle { matrixHandle -> Int32 in
            var matrices: [XGBoostLibrary.Handle?] = unsafe [matrixHandle]
            return unsafe "validation".withCString { name -> Int32 in
                var names: [UnsafePointer<CChar>?] = unsafe [name]
                return unsafe library.boosterEvaluate(handle, Int32(round), &matrices, &names, 1, &text)
            }
        }
        try library.check(code, "the evaluation of round \(round)")
        // "[12]\tvalidation-logloss:0.4211\tvalidation-auc:0.9"
        let line = unsafe text.map { unsafe String(cString: $0) } ?? ""
        guard let last = line.split(separator: ":").last, let value = Double(last) else {
            throw TrainingError(.library, "XGBoost's evaluation \"\(line)\" cannot be read", recovery: .bug)
        }
        return value
    }

    /// The model of the first `rounds` rounds alone.
    func sliced(rounds: Int) throws(TrainingError) -> XGBoostBooster {
        var created: XGBoostLibrary.Handle?
        try library.check(unsafe library.boosterSlice(handle, 0, Int32(rounds), 1, &created), "the slice")
        guard let handle = unsafe created else {
            throw TrainingError(.library, "XGBoost gave no slice", recovery: .bug)
        }
        return unsafe XGBoostBooster(library, owning: handle)
    }

    /// The model's file, `json` or `ubj`, with the names of its features.
    func saved(format: String, names: [String]) throws(TrainingError) -> [UInt8] {
        // The library does not take them over from the rows, nor into a slice.
        try setNames(names)
        var length: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        try library.check(
            unsafe library.boosterSave(handle, "{\"format\":\"\(format)\"}", &length, &bytes),
            "saving as \(format)")
        guard let bytes = unsafe bytes else {
            throw TrainingError(.library, "XGBoost saved nothing", recovery: .bug)
        }
        // The library's buffer holds until its next call on this thread: it is copied at once.
        return unsafe UnsafeRawBufferPointer(start: bytes, count: Int(length)).map { $0 }
    }

    private func setNames(_ names: [String]) throws(TrainingError) {
        // One allocation for all texts, so that their addresses hold during the call.
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for name in names {
            offsets.append(bytes.count)
            bytes += XGBoostBooster.accepted(name).utf8.map { CChar(bitPattern: $0) } + [0]
        }
        let code = unsafe bytes.withUnsafeBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return 0 }
            var texts = unsafe offsets.map { unsafe Optional(base + $0) }
            return unsafe texts.withUnsafeMutableBufferPointer { texts -> Int32 in
                guard let first = texts.baseAddress else { return 0 }
                return unsafe library.boosterSetTexts(handle, "feature_name", first, UInt64(offsets.count))
            }
        }
        try library.check(code, "the features' names")
    }

    /// Python's package refuses `[`, `]` and `<` in names, also of a model that it loads.
    private static func accepted(_ name: String) -> String {
        String(name.map { "[]<".contains($0) ? "_" : $0 })
    }

    /// What the library itself predicts: an oracle for tests of the scoring path.
    func predict(_ matrix: borrowing XGBoostMatrix) throws(TrainingError) -> [Float] {
        let config =
            "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false}"
        var shape: UnsafePointer<UInt64>?
        var dimensions: UInt64 = 0
        var values: UnsafePointer<Float>?
        let code = unsafe matrix.withHandle {
            unsafe library.boosterPredict(handle, $0, config, &shape, &dimensions, &values)
        }
        try library.check(code, "the prediction")
        guard let shape = unsafe shape, let values = unsafe values else { return [] }
        var count = 1
        for index in 0..<Int(dimensions) { count *= Int(unsafe shape[index]) }
        return unsafe Array(UnsafeBufferPointer(start: values, count: count))
    }
}
