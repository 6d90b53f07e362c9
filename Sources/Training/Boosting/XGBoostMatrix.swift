internal import Basics

/// Rows and labels in the library's own memory. Confined to one thread at a time.
@safe struct XGBoostMatrix: ~Copyable {
    let library: XGBoostLibrary
    let rowCount: Int
    private let handle: XGBoostLibrary.Handle

    /// Copies `rows` (dense, `columnCount` floats each, NaN where missing) and their `labels`.
    static func make(
        _ library: XGBoostLibrary, rows: [Float], columnCount: Int, labels: [Float]
    ) throws(TrainingError) -> XGBoostMatrix {
        precondition(columnCount > 0 && rows.count == labels.count * columnCount, "\(rows.count) floats")
        var created: XGBoostLibrary.Handle?
        let code = unsafe rows.withUnsafeBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe library.matrixCreate(
                base, UInt64(labels.count), UInt64(columnCount), .nan, &created)
        }
        try library.check(code, "the rows")
        guard let handle = unsafe created else {
            throw TrainingError(.library, "XGBoost gave no matrix", recovery: .bug)
        }
        let matrix = unsafe XGBoostMatrix(library, owning: handle, rowCount: labels.count)
        try matrix.setLabels(labels)
        return matrix
    }

    private init(_ library: XGBoostLibrary, owning handle: XGBoostLibrary.Handle, rowCount: Int) {
        self.library = library
        unsafe self.handle = handle
        self.rowCount = rowCount
    }

    deinit {
        _ = unsafe library.matrixFree(handle)
    }

    /// Runs `body` with the library's handle.
    func withHandle<Value>(_ body: (XGBoostLibrary.Handle) -> Value) -> Value {
        unsafe body(handle)
    }

    private func setLabels(_ labels: [Float]) throws(TrainingError) {
        let code = unsafe labels.withUnsafeBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe library.matrixSetFloats(handle, "label", base, UInt64(labels.count))
        }
        try library.check(code, "the labels")
    }
}
