#include "tools/ringside/query/line_editor.hpp"

#include <histedit.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace ringside::tools {

namespace {

constexpr int history_lines_max = 1000;

/// Empty: there is no place for it.
std::string history_path(const std::string& name) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    std::filesystem::path folder;
    if (state != nullptr && *state == '/') folder = state;
    else if (home != nullptr && *home == '/') folder = std::filesystem::path(home) / ".local/state";
    else return {};
    folder /= "ringside";
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return {};
    return folder / name;
}

}  // namespace

struct LineEditor::State {
    EditLine* editor = nullptr;
    History* history = nullptr;
    std::string path;
    const char* prompt = "";
};

LineEditor::LineEditor(const std::string& history) : state_(std::make_unique<State>()) {
    state_->path = history_path(history);
    state_->history = history_init();
    state_->editor = el_init("ringside", stdin, stdout, stderr);
    HistEvent event;
    ::history(state_->history, &event, H_SETSIZE, history_lines_max);
    ::history(state_->history, &event, H_SETUNIQUE, 1);
    if (!state_->path.empty()) ::history(state_->history, &event, H_LOAD, state_->path.c_str());
    el_set(state_->editor, EL_CLIENTDATA, state_.get());
    el_set(state_->editor, EL_EDITOR, "emacs");
    el_set(state_->editor, EL_HIST, ::history, state_->history);
    el_set(
        state_->editor, EL_PROMPT, +[](EditLine* editor) {
            void* state = nullptr;
            el_get(editor, EL_CLIENTDATA, &state);
            return const_cast<char*>(static_cast<State*>(state)->prompt);
        });
    el_source(state_->editor, nullptr);
}

LineEditor::~LineEditor() {
    HistEvent event;
    if (!state_->path.empty()) ::history(state_->history, &event, H_SAVE, state_->path.c_str());
    el_end(state_->editor);
    history_end(state_->history);
}

LineEditor::Line LineEditor::read(const char* prompt) {
    state_->prompt = prompt;
    int count = 0;
    errno = 0;
    const char* line = el_gets(state_->editor, &count);
    if (line == nullptr || count <= 0) {
        const bool is_interrupted = count < 0 && errno == EINTR;
        std::fputc('\n', stdout);
        if (is_interrupted) el_reset(state_->editor);
        return {is_interrupted ? What::interrupt : What::end};
    }
    std::string text(line, static_cast<std::size_t>(count));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return {What::line, std::move(text)};
}

void LineEditor::remember(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string::npos) return;
    HistEvent event;
    ::history(state_->history, &event, H_ENTER, text.substr(begin).c_str());
}

}  // namespace ringside::tools
