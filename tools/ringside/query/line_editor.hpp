#pragma once

#include <memory>
#include <string>

namespace ringside::tools {

/// Lines from the terminal, edited and remembered (libedit). Thread safety: one for a process.
class LineEditor {
public:
    enum class What { line, interrupt, end };
    struct Line {
        What what = What::end;
        std::string text{};  ///< without its end
    };

    /// `history`: the name of the file in which lines are kept from one time to the next. Where
    /// that cannot be done they are kept for this time only.
    explicit LineEditor(const std::string& history);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    [[nodiscard]] Line read(const char* prompt);
    void remember(const std::string& text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ringside::tools
