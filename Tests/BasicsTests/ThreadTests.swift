import Basics
import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// An actor whose jobs run on a thread of its own.
private actor Confined {
    let executor = ThreadExecutor(name: "confined")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    var count = 0

    func add() { count += 1 }
}

@Suite struct ThreadTests {
    @Test func anActorOnAThreadRunsEveryJobOnce() async {
        let actor = Confined()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { await actor.add() } }
        }
        #expect(await actor.count == 200)
    }

    @Test func workThatBlocksDoesNotHoldThePool() async throws {
        let executors = (0..<8).map { ThreadExecutor(name: "block-\($0)") }
        let gate = DispatchSemaphore(value: 0)
        // Eight blocked threads, more than the pool has: only threads of their own let the last line run.
        await withTaskGroup(of: Void.self) { group in
            for executor in executors { group.addTask { await executor.run { gate.wait() } } }
            group.addTask { for _ in 0..<8 { gate.signal() } }
        }
    }

    @Test func aThrowingJobThrowsToItsCaller() async {
        let executor = ThreadExecutor(name: "throws")
        await #expect(throws: CancellationError.self) { try await executor.run { throw CancellationError() } }
    }

    @Test func aThreadEndsWhenItIsCancelled() async throws {
        let thread = CancellableThread(name: "loop") { thread in
            while !thread.isCancelled { usleep(100) }
        }
        thread.cancel()
        for _ in 0..<2_000 where !thread.isFinished { try await Task.sleep(for: .milliseconds(1)) }
        #expect(thread.isFinished)
    }

    @Test func aFileIsLockedByOneHolder() throws {
        let path = NSTemporaryPath.unique("lock")
        let first = try FileLock.tryAcquire(path)
        #expect(first != nil)
        #expect(try FileLock.tryAcquire(path) == nil)
        withExtendedLifetime(first) {}
    }

    @Test func aReleasedLockIsFree() throws {
        let path = NSTemporaryPath.unique("lock")
        do {
            let first = try FileLock.tryAcquire(path)
            withExtendedLifetime(first) {}
        }
        #expect(try FileLock.tryAcquire(path) != nil)
    }

    @Test func aLockInAMissingFolderNamesThePath() {
        #expect {
            _ = try FileLock.tryAcquire("/nonexistent-folder/lock")
        } throws: { error in
            (error as? FileLockError)?.message.contains("/nonexistent-folder/lock") == true
        }
    }
}

private enum NSTemporaryPath {
    static func unique(_ name: String) -> String {
        "\(FileManager.default.temporaryDirectory.path())/modelcast-\(UUID().uuidString)-\(name)"
    }
}

@Suite struct InstanceSlotTests {
    @Test func aFreedNameIsTakenAgain() throws {
        let folder = NSTemporaryPath.unique("slots")
        let first = try InstanceSlot.firstFree(of: "score/group", in: folder)
        do {
            let second = try InstanceSlot.firstFree(of: "score/group", in: folder)
            #expect(second.name.hasSuffix("-2"))
            #expect(second.name != first.name)
        }
        #expect(try InstanceSlot.firstFree(of: "score/group", in: folder).name.hasSuffix("-2"))
        #expect(try InstanceSlot.firstFree(of: "other", in: folder).name == first.name)
    }
}
