internal import Basics
internal import Glibc

/// libxgboost, opened at run time: Debian's `libxgboost0` (1.7) or the file inside PyPI's `xgboost-cpu`
/// (3.2). It is needed to train boosted trees, never to score them.
///
/// `@unchecked Sendable`: the functions' addresses never change, the library is never closed, and its error
/// text is thread-local (c_api.h, `XGBGetLastError`).
@safe final class XGBoostLibrary: @unchecked Sendable {
    typealias Handle = UnsafeMutableRawPointer
    typealias GetLastError = @convention(c) () -> UnsafePointer<CChar>?
    typealias Version =
        @convention(c) (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
        ) -> Void
    typealias SetGlobalConfig = @convention(c) (UnsafePointer<CChar>) -> Int32
    typealias MatrixCreate =
        @convention(c) (UnsafePointer<Float>, UInt64, UInt64, Float, UnsafeMutablePointer<Handle?>) -> Int32
    typealias MatrixSetFloats =
        @convention(c) (Handle, UnsafePointer<CChar>, UnsafePointer<Float>, UInt64) -> Int32
    typealias SetTexts =
        @convention(c) (
            Handle, UnsafePointer<CChar>, UnsafeMutablePointer<UnsafePointer<CChar>?>, UInt64
        ) -> Int32
    typealias Free = @convention(c) (Handle) -> Int32
    typealias BoosterCreate =
        @convention(c) (UnsafePointer<Handle?>, UInt64, UnsafeMutablePointer<Handle?>) -> Int32
    typealias BoosterSetParameter =
        @convention(c) (Handle, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
    typealias BoosterUpdate = @convention(c) (Handle, Int32, Handle) -> Int32
    typealias BoosterEvaluate =
        @convention(c) (
            Handle, Int32, UnsafeMutablePointer<Handle?>, UnsafeMutablePointer<UnsafePointer<CChar>?>, UInt64,
            UnsafeMutablePointer<UnsafePointer<CChar>?>
        ) -> Int32
    typealias BoosterSlice =
        @convention(c) (Handle, Int32, Int32, Int32, UnsafeMutablePointer<Handle?>) -> Int32
    typealias BoosterSave =
        @convention(c) (
            Handle, UnsafePointer<CChar>, UnsafeMutablePointer<UInt64>,
            UnsafeMutablePointer<UnsafePointer<CChar>?>
        ) -> Int32
    typealias BoosterPredict =
        @convention(c) (
            Handle, Handle, UnsafePointer<CChar>, UnsafeMutablePointer<UnsafePointer<UInt64>?>,
            UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UnsafePointer<Float>?>
        ) -> Int32

    /// The file that was opened.
    let path: String
    /// Such as `1.7.4`.
    let version: String
    let getLastError: GetLastError
    let matrixCreate: MatrixCreate
    let matrixSetFloats: MatrixSetFloats
    let matrixFree: Free
    let boosterCreate: BoosterCreate
    let boosterFree: Free
    let boosterSetTexts: SetTexts
    let boosterSetParameter: BoosterSetParameter
    let boosterUpdate: BoosterUpdate
    let boosterEvaluate: BoosterEvaluate
    let boosterSlice: BoosterSlice
    let boosterSave: BoosterSave
    let boosterPredict: BoosterPredict

    /// Opens the library at `path`, or the first that is found: the file named by `MODELCAST_XGBOOST`, the
    /// system's, then those of Python's packages (the active environment's, `.venv` here, the user's, the
    /// system's).
    ///
    /// Throws `libraryMissing`, naming the packages.
    static func open(path: String? = nil) throws(TrainingError) -> XGBoostLibrary {
        let named = path ?? environment("MODELCAST_XGBOOST")
        var refusals: [String] = []
        for candidate in named.map({ [$0] }) ?? candidates() {
            if let handle = unsafe dlopen(candidate, RTLD_NOW | RTLD_LOCAL) {
                return unsafe try XGBoostLibrary(handle, path: candidate)
            }
            if let text = unsafe dlerror() { refusals.append(unsafe String(cString: text)) }
        }
        throw TrainingError(
            .libraryMissing,
            "libxgboost was not found" + (named.map { " at \($0)" } ?? "")
                + (refusals.first.map { ": \($0)" } ?? ""),
            hint:
                "install it with 'apt-get install libxgboost0' or 'pip install xgboost-cpu', or name the "
                + "file in MODELCAST_XGBOOST; linear models train without it",
            recovery: .fixConfiguration)
    }

    private init(_ handle: UnsafeMutableRawPointer, path: String) throws(TrainingError) {
        var missing: String?
        func find<Function>(_ name: String, as type: Function.Type) -> Function? {
            guard let address = unsafe dlsym(handle, name) else {
                missing = missing ?? name
                return nil
            }
            // The types above are those of xgboost/c_api.h, the same in 1.7 and 3.2.
            return unsafe unsafeBitCast(address, to: type)
        }
        guard let getLastError = unsafe find("XGBGetLastError", as: GetLastError.self),
            let version = unsafe find("XGBoostVersion", as: Version.self),
            let setGlobalConfig = unsafe find("XGBSetGlobalConfig", as: SetGlobalConfig.self),
            let matrixCreate = unsafe find("XGDMatrixCreateFromMat", as: MatrixCreate.self),
            let matrixSetFloats = unsafe find("XGDMatrixSetFloatInfo", as: MatrixSetFloats.self),
            let matrixFree = unsafe find("XGDMatrixFree", as: Free.self),
            let boosterCreate = unsafe find("XGBoosterCreate", as: BoosterCreate.self),
            let boosterFree = unsafe find("XGBoosterFree", as: Free.self),
            let boosterSetTexts = unsafe find("XGBoosterSetStrFeatureInfo", as: SetTexts.self),
            let boosterSetParameter = unsafe find("XGBoosterSetParam", as: BoosterSetParameter.self),
            let boosterUpdate = unsafe find("XGBoosterUpdateOneIter", as: BoosterUpdate.self),
            let boosterEvaluate = unsafe find("XGBoosterEvalOneIter", as: BoosterEvaluate.self),
            let boosterSlice = unsafe find("XGBoosterSlice", as: BoosterSlice.self),
            let boosterSave = unsafe find("XGBoosterSaveModelToBuffer", as: BoosterSave.self),
            let boosterPredict = unsafe find("XGBoosterPredictFromDMatrix", as: BoosterPredict.self)
        else {
            throw TrainingError(
                .libraryMissing, "\(path) has no function \(missing ?? "")",
                hint: "install XGBoost 1.7 or later", recovery: .fixConfiguration)
        }
        self.path = path
        unsafe self.getLastError = getLastError
        unsafe self.matrixCreate = matrixCreate
        unsafe self.matrixSetFloats = matrixSetFloats
        unsafe self.matrixFree = matrixFree
        unsafe self.boosterCreate = boosterCreate
        unsafe self.boosterFree = boosterFree
        unsafe self.boosterSetTexts = boosterSetTexts
        unsafe self.boosterSetParameter = boosterSetParameter
        unsafe self.boosterUpdate = boosterUpdate
        unsafe self.boosterEvaluate = boosterEvaluate
        unsafe self.boosterSlice = boosterSlice
        unsafe self.boosterSave = boosterSave
        unsafe self.boosterPredict = boosterPredict
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        unsafe version(&major, &minor, &patch)
        self.version = "\(major).\(minor).\(patch)"
        // Nothing on standard output but what the command prints. The setting belongs to the calling thread.
        _ = unsafe setGlobalConfig("{\"verbosity\":0}")
    }

    /// Throws unless a call returned 0.
    func check(_ code: Int32, _ call: String) throws(TrainingError) {
        guard code != 0 else { return }
        let text = unsafe getLastError().map { unsafe String(cString: $0) } ?? "error \(code)"
        // The first line says what; a stack trace follows it.
        let line = text.split(separator: "\n").first { !$0.hasPrefix("Stack trace") }.map(String.init) ?? text
        throw TrainingError(
            .library, "XGBoost \(version) refused \(call): \(line)", hint: "check the parameters given")
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func candidates() -> [String] {
        var found = ["libxgboost.so.0", "libxgboost.so"]
        let suffix = "/xgboost/lib/libxgboost.so"
        var patterns: [String] = []
        if let active = environment("VIRTUAL_ENV") { patterns.append("\(active)/lib/python3*/site-packages") }
        patterns.append(".venv/lib/python3*/site-packages")
        if let home = environment("HOME") { patterns.append("\(home)/.local/lib/python3*/site-packages") }
        for root in ["/usr/local/lib", "/usr/lib"] {
            patterns.append("\(root)/python3*/site-packages")
            patterns.append("\(root)/python3*/dist-packages")
        }
        for pattern in patterns {
            var result = unsafe glob_t()
            defer { unsafe globfree(&result) }
            guard unsafe glob(pattern + suffix, 0, nil, &result) == 0 else { continue }
            for index in 0..<Int(unsafe result.gl_pathc) {
                if let path = unsafe result.gl_pathv[index] { found.append(unsafe String(cString: path)) }
            }
        }
        return found
    }
}
