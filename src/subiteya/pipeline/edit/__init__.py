"""The journey of a video: S3 → work folder → one FFmpeg pass → S3 → EDITED.

* `journey` is the job: what it shows of the video, and the order of the steps.
* `versions` says which versions of the video are still to be made; `journey` makes one after the other.
* `words` has what is said written down, when the pattern asks for it and the video has no words yet.
* `sharing` divides a long edit between idle machines and joins it again; `segment_journey` makes one part.
* `render` makes one finished clip on this machine. `cues_of` is the one place that says which words are
  shown, and when; `encode` the one place that runs FFmpeg on a plan.
* `store` brings a clip into storage and writes down what lies there.
* `progress` tells the row, the queue and hence the pages how far it has come.
"""
