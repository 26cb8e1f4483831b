import Assistant
import ControlServer

/// Runs something, and something else beside it for as long as it runs.
func run<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value, beside aside: @escaping @Sendable () async -> Void
) async -> Value {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask {
            await aside()
            return nil
        }
        group.addTask { await body() }
        var value: Value?
        while value == nil, let next = await group.next() { value = next }
        group.cancelAll()
        return value!  // the body's task ends with one
    }
}

extension Heartbeat {
    /// Tells the service manager how the assistant is, from its beginning to its end.
    func beat<Value: Sendable>(during body: @escaping @Sendable () async -> Value) async -> Value {
        await vivavoce.run {
            let value = await body()
            await self.stopping()
            return value
        } beside: {
            await self.run()
        }
    }
}

extension ControlDoor {
    /// Lets clients in for as long as something runs.
    func open<Value: Sendable>(during body: @escaping @Sendable () async -> Value) async -> Value {
        await vivavoce.run(body, beside: run)
    }
}
