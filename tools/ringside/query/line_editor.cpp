#include "tools/ringside/query/line_editor.hpp"

#include <histedit.h>
#ifdef RINGSIDE_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "shm/base/printable.hpp"

namespace ringside::tools {

namespace {

constexpr int history_lines_max = 1000;

/// Returns an empty path if there is no suitable folder.
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
    ::History* history = nullptr;
    std::string path;
    const char* prompt = "";
    std::function<Completion(std::string_view)> complete;
};

namespace {

/// Longest text with which all candidates begin, in whole characters.
std::string_view common_prefix(const std::vector<std::string>& candidates) {
    std::string_view common = candidates.front();
    for (const std::string& one : candidates) {
        const auto end = std::mismatch(common.begin(), common.end(), one.begin(), one.end()).first;
        common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
    }
    const std::string_view first = candidates.front();
    while (!common.empty() && common.size() < first.size() &&
           (static_cast<unsigned char>(first[common.size()]) & 0xC0) == 0x80) {
        common.remove_suffix(1);
    }
    return common;
}

void list_candidates(const std::vector<std::string>& candidates) {
    constexpr std::size_t shown_max = 100;
    std::string text = "\n";
    for (std::size_t i = 0; i < std::min(candidates.size(), shown_max); ++i) {
        text += printable(candidates[i]) + "  ";
    }
    if (candidates.size() > shown_max) text += "…";
    std::fputs((text + "\n").c_str(), stdout);
    std::fflush(stdout);
}

/// The function of the Tab key.
unsigned char complete_word(EditLine* editor, int) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    const auto& complete = static_cast<const LineEditor::State*>(data)->complete;
    const LineInfo* info = el_line(editor);
    const std::string line(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    const Completion completion = complete ? complete(line) : Completion{};
    if (completion.candidates.empty()) return CC_REFRESH_BEEP;
    const std::string_view word = std::string_view(line).substr(completion.word_at);
    std::string text(common_prefix(completion.candidates));
    const bool is_only = completion.candidates.size() == 1;
    if (!is_only && text.size() <= word.size()) {
        list_candidates(completion.candidates);
        return CC_REDISPLAY;
    }
    if (is_only && !text.ends_with('(')) text += ' ';
    const auto characters = std::count_if(word.begin(), word.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    el_deletestr(editor, static_cast<int>(characters));
    return el_insertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
}

}  // namespace

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
    {
#ifdef RINGSIDE_ADDRESS_SANITIZER
        const __lsan::ScopedDisabler disabler;  // libedit never frees the names of functions
#endif
        el_set(state_->editor, EL_ADDFN, "ringside-complete", "Complete a word", complete_word);
    }
    el_set(state_->editor, EL_BIND, "^I", "ringside-complete", nullptr);
    el_source(state_->editor, nullptr);
}

LineEditor::~LineEditor() {
    HistEvent event;
    if (!state_->path.empty()) ::history(state_->history, &event, H_SAVE, state_->path.c_str());
    el_end(state_->editor);
    history_end(state_->history);
}

void LineEditor::complete_with(std::function<Completion(std::string_view)> complete) {
    state_->complete = std::move(complete);
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
