#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "ringside/client.hpp"

namespace ringside::testing {

/// A call of a native client in a separate thread.
class NativeCall {
public:
    NativeCall(Client client, const std::string& name, const std::string& json,
               const CallOptions& options = {})
        : caller_([this, caller = std::move(client), name, json, options]() mutable {
              outcome_ = shown(caller.call(name, json, options));
          }) {}
    ~NativeCall() {
        if (caller_.joinable()) caller_.join();
    }
    NativeCall(const NativeCall&) = delete;
    NativeCall& operator=(const NativeCall&) = delete;

    /// Formats an answer as JSON, or the name of the error.
    static std::string shown(const Result<Answer>& answer) {
        return answer ? to_json(answer->document.root()) : std::string(name(answer.error().code));
    }

    /// Waits for the end of the call. Returns the outcome in the format of `shown`.
    const std::string& outcome() {
        if (caller_.joinable()) caller_.join();
        return outcome_;
    }

private:
    std::string outcome_;
    std::thread caller_;  ///< last: it writes the outcome
};

/// Provides a name, answers each call with 2, and counts the calls.
inline Service count_calls(Client& client, const std::string& name, std::atomic<int>& count) {
    const auto answer = [&count](Call& call) {
        ++count;
        call.answer("2").value();
    };
    return client.provide(name, answer).value();
}

}  // namespace ringside::testing
