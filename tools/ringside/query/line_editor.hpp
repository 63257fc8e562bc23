#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tools/ringside/query/completion.hpp"

namespace ringside::tools {

/// Reads lines from the terminal, with editing and history (libedit). Thread safety: one per
/// process.
class LineEditor {
public:
    enum class What { line, interrupt, end };
    struct Line {
        What what = What::end;
        std::string text{};  ///< without the line end
    };

    /// `history` is the name of the file that stores lines between runs. If it cannot be used,
    /// lines are stored for this run only.
    explicit LineEditor(const std::string& history);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    /// Makes Tab complete words. The function gets the line up to the cursor.
    void complete_with(std::function<Completion(std::string_view)> complete);

    [[nodiscard]] Line read(const char* prompt);
    void remember(const std::string& text);

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace ringside::tools
