#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tools/gateway/valve/expression.hpp"
#include "tools/gateway/valve/facts.hpp"

struct duk_hthread;

namespace ringside::gateway::valve {

/// An expression as an engine takes it. It must outlive the engines that have seen it.
struct Script {
    std::size_t id = 0;  ///< another one for each script of an engine
    std::string source;  ///< as `js_source`
    const Expression* expression = nullptr;
};

/// What has come of an evaluation.
struct Verdict {
    bool is_true = false;
    bool has_failed = false;  ///< with an exception, or for want of memory
    std::string why{};        ///< it has failed
};

/// A sandbox: a heap of JavaScript (Duktape) in which expressions are evaluated, one at a time.
///
/// Nothing stays from one evaluation to the next but the compiled functions, because an expression
/// has no way to change anything: it assigns nothing, and calls nothing that would (see
/// `parse_expression`). For the same reason it ends: its cost is bounded by the number of its nodes
/// times the size of the documents. What the engine takes for it is bounded, too
/// (`valve_limits::evaluation_bytes_max`).
///
/// Thread safety: one thread at a time.
class Engine {
public:
    Engine();
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Whether the expression is true of the facts.
    [[nodiscard]] Verdict evaluate(const Script& script, Facts& facts);

    /// Whether it must not be used again.
    [[nodiscard]] bool is_spoilt() const noexcept { return is_spoilt_; }

private:
    friend class EngineCalls;

    duk_hthread* heap_ = nullptr;
    std::size_t bytes_used_ = 0;
    std::size_t bytes_max_ = 0;  ///< above it the engine gets no memory
    bool has_run_out_ = false;   ///< of memory
    bool is_spoilt_ = false;

    // Of the evaluation. What C++ makes for the engine lies here, because an exception of
    // JavaScript leaves functions without their destructors.
    const Script* script_ = nullptr;
    Facts* facts_ = nullptr;
    bool is_true_ = false;
    std::string text_;
    std::string name_;
    std::string why_;
    std::optional<std::string> document_;
    MatchPattern::Matches matches_;
};

/// Engines that wait for work, as many as threads have asked for at once.
/// Thread safety: any thread.
class Engines {
public:
    /// As `Engine::evaluate`.
    [[nodiscard]] Verdict evaluate(const Script& script, Facts& facts);

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Engine>> idle_;
};

}  // namespace ringside::gateway::valve
