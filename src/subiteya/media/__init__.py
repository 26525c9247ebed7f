"""FFmpeg and what it needs: probe, filter graph, subtitles, runner."""
